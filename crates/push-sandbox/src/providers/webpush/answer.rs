//! What a push service answers: 201 with the message's address, or a status with a body as Mozilla's service gives it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::providers::exchange::set;

/// A refusal.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    /// Mozilla's number for it, where it has one.
    pub(super) errno: Option<u32>,
    pub(super) explanation: String,
    pub(super) retry_after: Option<u64>,
}

impl Refused {
    pub(super) fn new(status: u16, errno: Option<u32>, explanation: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            errno,
            explanation: explanation.into(),
            retry_after: None,
        }
    }

    pub(super) fn reason(&self) -> &str {
        self.status.canonical_reason().unwrap_or_default()
    }

    pub(super) fn answer(&self) -> Response {
        let body = json!({
            "code": self.status.as_u16(),
            "errno": self.errno,
            "error": self.reason(),
            "message": self.explanation,
        });
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            set(&mut response, "retry-after", &seconds.to_string());
        }
        match self.status {
            StatusCode::UNAUTHORIZED => set(&mut response, "www-authenticate", "vapid"),
            StatusCode::METHOD_NOT_ALLOWED => set(&mut response, "allow", "POST"),
            _ => {}
        }
        response
    }
}

/// 201: the message is kept for that many seconds, at that address.
pub(super) fn taken(name: &str, ttl: u32) -> Response {
    let mut response = StatusCode::CREATED.into_response();
    set(&mut response, "location", name);
    set(&mut response, "ttl", &ttl.to_string());
    response
}
