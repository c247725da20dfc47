//! What a push service answers, read: the status is all that the standard promises.

use std::time::Duration;

use super::Answer;

/// An answer's status and what matters beside it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub status: u16,
    /// The message's address at the push service.
    pub location: Option<String>,
    pub after: Option<Duration>,
    /// The beginning of the body.
    pub said: String,
}

/// What an answer means (RFC 8030, sections 5 and 7.3).
pub(super) fn classify(seen: Seen) -> Answer {
    let why = if seen.said.is_empty() {
        format!("the push service answered {}", seen.status)
    } else {
        format!("{} {}", seen.status, seen.said)
    };
    match seen.status {
        200..300 => Answer::Sent { id: seen.location },
        404 | 410 => Answer::Gone { as_of: None, why },
        401 | 403 => Answer::Barred { why },
        408 | 429 | 500.. => Answer::Retry {
            after: seen.after,
            why,
        },
        _ => Answer::Refused { why },
    }
}
