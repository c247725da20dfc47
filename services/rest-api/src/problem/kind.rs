//! The kinds of problems, and what stands at the address of each.

use actix_web::http::StatusCode;

/// The ways a request can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MalformedJson,
    InvalidInput,
    IdempotencyKeyMissing,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    Unauthorized,
    InvalidCredentials,
    InvalidRefreshToken,
    AccountNeeded,
    EmailTaken,
    SignedInElsewhere,
    TooManyAddresses,
    GuestNotAdded,
    TooManyAttempts,
    NotFound,
    PlaceAtPast,
    PlaceAtTooFar,
    TooManySchedules,
    AlreadyPlaced,
    PreconditionFailed,
    PreconditionRequired,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    BodyTooLarge,
    BodyTooSlow,
    HeadersTooLarge,
    TooManyRequests,
    QueueFull,
    Unavailable,
}

/// What stands at a problem's address.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) remedy: &'static str,
}

const fn entry(
    kind: Kind,
    name: &'static str,
    status: StatusCode,
    title: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry {
        kind,
        name,
        status,
        title,
        remedy,
    }
}

/// What stands at the address of each kind.
pub(crate) const ENTRIES: [Entry; 30] = [
    entry(
        Kind::MalformedJson,
        "malformed-json",
        StatusCode::BAD_REQUEST,
        "The body is not JSON",
        "Send one JSON object as UTF-8. The detail names line and column.",
    ),
    entry(
        Kind::InvalidInput,
        "invalid-input",
        StatusCode::UNPROCESSABLE_ENTITY,
        "Something in the request is not valid",
        "Each entry of `errors` points at a field and says what is wrong with it. Nothing was done.",
    ),
    entry(
        Kind::IdempotencyKeyMissing,
        "idempotency-key-missing",
        StatusCode::BAD_REQUEST,
        "The request needs an Idempotency-Key",
        "Make a random key (a UUID will do) for each new request, and send the same key again with every retry of it.",
    ),
    entry(
        Kind::IdempotencyKeyInvalid,
        "idempotency-key-invalid",
        StatusCode::BAD_REQUEST,
        "The Idempotency-Key can't be used",
        "A key has 1 to 255 visible ASCII characters and is sent once.",
    ),
    entry(
        Kind::IdempotencyKeyReused,
        "idempotency-key-reused",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The Idempotency-Key was used for another request",
        "A key belongs to one request with one body. Make a new key for a new request.",
    ),
    entry(
        Kind::Unauthorized,
        "unauthorized",
        StatusCode::UNAUTHORIZED,
        "A token is needed",
        "Sign in with POST /v1/sign-in, or get a guest token with POST /v1/guest-sessions, and send it as `Authorization: Bearer <token>`. In place of an access token that has run out, get a new one with POST /v1/token.",
    ),
    entry(
        Kind::InvalidCredentials,
        "invalid-credentials",
        StatusCode::UNAUTHORIZED,
        "The e-mail address or the password is wrong",
        "Which of them is not told. Ask the person to type both again, or to sign up.",
    ),
    entry(
        Kind::InvalidRefreshToken,
        "invalid-refresh-token",
        StatusCode::UNAUTHORIZED,
        "The refresh token is not good",
        "Its session has ended, or the token was used before, upon which its session ended now. Have the person sign in again.",
    ),
    entry(
        Kind::AccountNeeded,
        "account-needed",
        StatusCode::FORBIDDEN,
        "This needs an account",
        "A guest's token was sent. Sign in or up; with `guest_token` in the body the guest's orders come along.",
    ),
    entry(
        Kind::EmailTaken,
        "email-taken",
        StatusCode::CONFLICT,
        "The e-mail address has an account already",
        "Sign in with POST /v1/sign-in. Nothing was done.",
    ),
    entry(
        Kind::SignedInElsewhere,
        "signed-in-elsewhere",
        StatusCode::CONFLICT,
        "The person signs in elsewhere",
        "The token is of an outside provider: its sessions, passwords and e-mail addresses are changed there.",
    ),
    entry(
        Kind::TooManyAddresses,
        "too-many-addresses",
        StatusCode::CONFLICT,
        "The address book is full",
        "Take one out with DELETE /v1/me/addresses/{id}; then send the request again.",
    ),
    entry(
        Kind::GuestNotAdded,
        "guest-not-added",
        StatusCode::CONFLICT,
        "The guest can't be added to the account",
        "Either the guest belongs to another account already, or the account has as many guests as it can, which are 50. What was ordered is read with the guest's own token still.",
    ),
    entry(
        Kind::TooManyAttempts,
        "too-many-attempts",
        StatusCode::TOO_MANY_REQUESTS,
        "There were too many attempts",
        "Try again after Retry-After, in seconds. Attempts are counted for each account and for each client's address.",
    ),
    entry(
        Kind::NotFound,
        "not-found",
        StatusCode::NOT_FOUND,
        "There is nothing here for you",
        "Check the address, and that the token is the one the thing belongs to.",
    ),
    entry(
        Kind::PlaceAtPast,
        "place-at-past",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The time to place the order has passed",
        "Choose a later `place_at`, or order at once with POST /v1/orders. Nothing was done.",
    ),
    entry(
        Kind::PlaceAtTooFar,
        "place-at-too-far",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The time to place the order is too far ahead",
        "An order can be scheduled for at most 365 days ahead. Nothing was done.",
    ),
    entry(
        Kind::TooManySchedules,
        "too-many-schedules",
        StatusCode::CONFLICT,
        "As much is scheduled as can be",
        "Take back one with DELETE /v1/scheduled-orders/{id}, or wait until one was placed; then send the request again.",
    ),
    entry(
        Kind::AlreadyPlaced,
        "already-placed",
        StatusCode::CONFLICT,
        "The order is placed already",
        "It was placed, or is being placed in this moment: two seconds before its time it can no longer be changed. The Location header has its address; from there it can be cancelled.",
    ),
    entry(
        Kind::PreconditionFailed,
        "precondition-failed",
        StatusCode::PRECONDITION_FAILED,
        "It was changed meanwhile",
        "Read it again and decide anew; the tag of its ETag header goes into If-Match. Nothing was done.",
    ),
    entry(
        Kind::PreconditionRequired,
        "precondition-required",
        StatusCode::PRECONDITION_REQUIRED,
        "The request needs If-Match",
        "Send the ETag of what was read as If-Match, so that nothing is changed that was not seen; `*` stands for whatever is there.",
    ),
    entry(
        Kind::MethodNotAllowed,
        "method-not-allowed",
        StatusCode::METHOD_NOT_ALLOWED,
        "This method does not work here",
        "The Allow header names the methods that do.",
    ),
    entry(
        Kind::NotAcceptable,
        "not-acceptable",
        StatusCode::NOT_ACCEPTABLE,
        "None of the accepted codings can be sent",
        "Accept-Encoding has to leave one of br, gzip, deflate or identity. Without the header nothing is compressed.",
    ),
    entry(
        Kind::UnsupportedMediaType,
        "unsupported-media-type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is of another type than JSON",
        "Send `Content-Type: application/json`, not compressed.",
    ),
    entry(
        Kind::BodyTooLarge,
        "body-too-large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is too large",
        "A body has at most 65,536 bytes.",
    ),
    entry(
        Kind::BodyTooSlow,
        "body-too-slow",
        StatusCode::REQUEST_TIMEOUT,
        "The body did not arrive in time",
        "A body has 10 seconds to arrive, where the operator has not set another time. Send the request again, with the same Idempotency-Key.",
    ),
    entry(
        Kind::HeadersTooLarge,
        "headers-too-large",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "The headers are too large",
        "The names and values of all headers together have at most 16,384 bytes.",
    ),
    entry(
        Kind::TooManyRequests,
        "too-many-requests",
        StatusCode::TOO_MANY_REQUESTS,
        "Too much was asked for",
        "Wait for Retry-After, then send the request again, with the same Idempotency-Key. The RateLimit header tells how much is left, RateLimit-Policy of how much in how many seconds.",
    ),
    entry(
        Kind::QueueFull,
        "queue-full",
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many orders are waiting",
        "Nothing was stored. Send the request again after Retry-After, with the same Idempotency-Key.",
    ),
    entry(
        Kind::Unavailable,
        "unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "This can't be answered right now",
        "Send the request again after Retry-After. A POST with the same Idempotency-Key never takes effect twice.",
    ),
];

impl Kind {
    /// What stands at its address.
    pub(crate) fn entry(self) -> &'static Entry {
        let matching = ENTRIES.iter().find(|entry| entry.kind == self);
        matching.unwrap_or(&ENTRIES[ENTRIES.len() - 1])
    }
}

/// What stands at the address `/problems/{name}`.
pub(super) fn named(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_entry_of_its_own() {
        for entry in &ENTRIES {
            assert_eq!(entry.kind.entry().name, entry.name);
        }
    }
}
