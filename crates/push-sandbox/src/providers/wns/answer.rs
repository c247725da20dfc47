//! What WNS answers: a status and headers, no body.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::providers::exchange::set;
use crate::random;

/// A refusal.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) explanation: String,
    pub(super) retry_after: Option<u64>,
    pub(super) expired: bool,
}

impl Refused {
    pub(super) fn new(status: u16, explanation: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            explanation: explanation.into(),
            retry_after: None,
            expired: false,
        }
    }

    /// 401 for a token that was good once, or never.
    pub(super) fn expired(explanation: &str) -> Self {
        Self {
            expired: true,
            ..Self::new(401, explanation)
        }
    }

    pub(super) fn reason(&self) -> &str {
        self.status.canonical_reason().unwrap_or_default()
    }

    pub(super) fn answer(&self) -> Response {
        let mut response = self.status.into_response();
        let status = if self.status == StatusCode::NOT_ACCEPTABLE {
            "channelthrottled"
        } else {
            "dropped"
        };
        set(&mut response, "x-wns-status", status);
        set(&mut response, "x-wns-notificationstatus", status);
        set(&mut response, "x-wns-msg-id", &random::hex::<8>().to_uppercase());
        set(&mut response, "x-wns-error-description", &self.explanation);
        if let Some(seconds) = self.retry_after {
            set(&mut response, "retry-after", &seconds.to_string());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = if self.expired {
                "Bearer error=\"invalid_token\""
            } else {
                "Bearer"
            };
            set(&mut response, "www-authenticate", challenge);
        }
        response
    }
}

/// 200: the notification was received, or dropped all the same.
pub(super) fn taken(id: &str, status: &str, tell_connection: bool) -> Response {
    let mut response = StatusCode::OK.into_response();
    set(&mut response, "x-wns-status", status);
    set(&mut response, "x-wns-notificationstatus", status);
    set(&mut response, "x-wns-msg-id", id);
    if tell_connection {
        set(&mut response, "x-wns-deviceconnectionstatus", "connected");
    }
    response
}
