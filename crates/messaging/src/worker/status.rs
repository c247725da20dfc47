//! What the server says about a pull.

use async_nats::{Message, StatusCode};

/// How a pull ends that the server has done all it can for.
const ENDS: [&str; 2] = ["Batch Completed", "Message Size Exceeds MaxBytes"];

/// How a pull goes on after a message from the server.
pub(super) enum Next {
    Read,
    PullAgain,
    BindAgain(String),
}

/// Whether `message` is the server's word about a pull.
pub(super) fn is_status(message: &Message) -> bool {
    message.status.is_some_and(|status| status != StatusCode::OK)
}

/// What to do after the status `message`.
pub(super) fn next(message: &Message) -> Next {
    let description = message.description.as_deref().unwrap_or_default();
    match message.status {
        Some(StatusCode::IDLE_HEARTBEAT) => Next::Read,
        Some(StatusCode::TIMEOUT | StatusCode::NOT_FOUND | StatusCode::PIN_ID_MISMATCH) => Next::PullAgain,
        Some(StatusCode::REQUEST_TERMINATED) if ENDS.contains(&description) => Next::PullAgain,
        Some(StatusCode::NO_RESPONDERS) => Next::BindAgain("nobody answers for the consumer".into()),
        status => {
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            Next::BindAgain(format!("the pull ended with {status} {description}"))
        }
    }
}
