//! Which problems each operation can give, by what it takes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::operations;
use super::shared::header;
use crate::problem::{ENTRIES, Entry, Kind};

/// What an operation can give beyond what follows from what it takes.
const OF_THEIR_OWN: &[(&str, &[Kind])] = &[
    ("submitOrder", &[Kind::IdempotencyKeyReused, Kind::QueueFull]),
    ("submitOrderGroup", &[Kind::IdempotencyKeyReused, Kind::QueueFull]),
    ("cancelOrder", &[Kind::QueueFull]),
    (
        "scheduleOrder",
        &[
            Kind::IdempotencyKeyReused,
            Kind::PlaceAtPast,
            Kind::PlaceAtTooFar,
            Kind::TooManySchedules,
        ],
    ),
    (
        "changeScheduledOrder",
        &[Kind::PlaceAtPast, Kind::PlaceAtTooFar, Kind::AlreadyPlaced],
    ),
    ("unscheduleOrder", &[Kind::AlreadyPlaced]),
    ("signUp", &[Kind::EmailTaken, Kind::TooManyAttempts]),
    ("signIn", &[Kind::InvalidCredentials, Kind::TooManyAttempts]),
    ("refreshTokens", &[Kind::InvalidRefreshToken]),
    ("signOut", &[Kind::AccountNeeded, Kind::SignedInElsewhere]),
    (
        "changeAccount",
        &[Kind::EmailTaken, Kind::SignedInElsewhere, Kind::TooManyAttempts],
    ),
    ("eraseAccount", &[Kind::TooManyAttempts]),
    (
        "changePassword",
        &[Kind::SignedInElsewhere, Kind::TooManyAttempts],
    ),
    ("addGuest", &[Kind::GuestNotAdded]),
    (
        "addAddress",
        &[Kind::IdempotencyKeyReused, Kind::TooManyAddresses],
    ),
    ("addWish", &[Kind::IdempotencyKeyReused, Kind::TooManyWishes]),
];

/// Lists every problem among the answers of every operation.
pub(super) fn complete(document: &mut Value) {
    for entry in &ENTRIES {
        let shown = json!({ "summary": entry.title, "value": example(entry) });
        document["components"]["examples"][entry.name] = shown;
    }
    for (path, _, operation) in operations(document) {
        let mut by_status: BTreeMap<u16, Vec<&Entry>> = BTreeMap::new();
        for entry in ENTRIES
            .iter()
            .filter(|entry| can_give(&path, operation, entry.kind))
        {
            by_status.entry(entry.status.as_u16()).or_default().push(entry);
        }
        for (status, entries) in by_status {
            operation["responses"][status.to_string()] = answer(status, &entries);
        }
    }
}

fn can_give(path: &str, operation: &Value, kind: Kind) -> bool {
    let takes = |what: &str| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters
            .into_iter()
            .any(|parameter| parameter["in"] == what || parameter["name"] == what)
    };
    let body = !operation["requestBody"].is_null();
    let id = operation["operationId"].as_str().unwrap_or_default();
    let own = OF_THEIR_OWN
        .iter()
        .any(|(name, kinds)| *name == id && kinds.contains(&kind));
    own || match kind {
        Kind::NotAcceptable | Kind::HeadersTooLarge => true,
        Kind::TooManyRequests => path.starts_with("/v1/"),
        Kind::Unavailable => path.starts_with("/v1/") && id != "createGuestSession",
        Kind::Unauthorized => !operation["security"].is_null(),
        // Guests have preferences, too.
        Kind::AccountNeeded => {
            path != "/v1/me/preferences" && (path == "/v1/me" || path.starts_with("/v1/me/"))
        }
        Kind::NotFound => takes("path"),
        Kind::InvalidInput => body || takes("query") || takes("Last-Event-ID"),
        Kind::MalformedJson | Kind::UnsupportedMediaType | Kind::BodyTooLarge | Kind::BodyTooSlow => body,
        Kind::IdempotencyKeyMissing | Kind::IdempotencyKeyInvalid => takes("Idempotency-Key"),
        Kind::PreconditionFailed | Kind::PreconditionRequired => takes("If-Match"),
        _ => false,
    }
}

fn answer(status: u16, entries: &[&Entry]) -> Value {
    let words: Vec<_> = entries
        .iter()
        .map(|entry| format!("`{}`: {}.", entry.name, entry.title))
        .collect();
    let examples: Map<_, _> = entries
        .iter()
        .map(|entry| {
            let address = format!("#/components/examples/{}", entry.name);
            (entry.name.to_owned(), json!({ "$ref": address }))
        })
        .collect();
    let mut headers = json!({ "X-Request-Id": header("X-Request-Id") });
    match status {
        401 => headers["WWW-Authenticate"] = header("WWW-Authenticate"),
        409 if entries.iter().any(|entry| entry.kind == Kind::AlreadyPlaced) => {
            headers["Location"] = header("Location");
        }
        429 | 503 => headers["Retry-After"] = header("Retry-After"),
        _ => {}
    }
    json!({
        "description": words.join(" "),
        "headers": headers,
        "content": {
            "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "examples": examples,
            }
        },
    })
}

fn example(entry: &Entry) -> Value {
    let mut example = json!({
        "type": format!("/problems/{}", entry.name),
        "title": entry.title,
        "status": entry.status.as_u16(),
        "request_id": "0b7f6c1e-3c5d-4f5e-8a55-6a2c7d9f0e42",
    });
    if entry.kind == Kind::InvalidInput {
        example["errors"] =
            json!([{ "pointer": "/lines/0/quantity", "detail": "must be a number from 1 to 999" }]);
    }
    example
}
