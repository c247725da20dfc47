//! The kinds of problems, and what stands at the address of each.

use actix_web::http::StatusCode;

use super::entries::ENTRIES;

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
    TooManyWishes,
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
