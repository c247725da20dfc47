//! Google's error body: `google.rpc.Status` with details.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::providers::exchange::set;

const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";
const QUOTA_FAILURE: &str = "type.googleapis.com/google.rpc.QuotaFailure";

/// A refusal as Google words it.
#[derive(Debug)]
pub(super) struct Status {
    code: StatusCode,
    status: &'static str,
    message: String,
    details: Vec<Value>,
    retry_after: Option<u64>,
    why: Option<String>,
}

impl Status {
    fn new(code: StatusCode, status: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            details: Vec::new(),
            retry_after: None,
            why: None,
        }
    }

    fn with(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    fn with_code(self, code: &str) -> Self {
        self.with(json!({ "@type": FCM_ERROR, "errorCode": code }))
    }

    /// A field that FCM's own rules refuse.
    pub(super) fn invalid(field: &str, description: impl Into<String>) -> Self {
        let description = description.into();
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", description.clone())
            .with(violation(field, &description))
            .with_code("INVALID_ARGUMENT")
    }

    /// JSON that does not fit the API's schema: refused before FCM sees it, so without its error.
    pub(super) fn malformed(field: &str, description: impl Into<String>) -> Self {
        let description = description.into();
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", description.clone())
            .with(violation(field, &description))
    }

    pub(super) fn too_large() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "INVALID_ARGUMENT",
            "Android message is too big",
        )
        .with_code("INVALID_ARGUMENT")
    }

    pub(super) fn invalid_target(kind: &str) -> Self {
        let said = match kind {
            "fid" => "The installation ID is not a valid Firebase installation ID",
            _ => "The registration token is not a valid FCM registration token",
        };
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", said).with_code("INVALID_ARGUMENT")
    }

    pub(super) fn unregistered(why: &str) -> Self {
        let status = Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "Requested entity was not found.",
        );
        Self {
            why: Some(why.to_owned()),
            ..status.with_code("UNREGISTERED")
        }
    }

    /// An address Google has nothing at: 404 without details.
    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "Requested entity was not found.",
        )
    }

    pub(super) fn unauthenticated() -> Self {
        let said = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                    other valid authentication credential.";
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", said)
    }

    pub(super) fn wrong_project(project: &str) -> Self {
        let said = format!(
            "Permission 'cloudmessaging.messages.create' denied on resource \
             '//cloudresourcemanager.googleapis.com/projects/{project}' (or it may not exist)."
        );
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", said)
    }

    pub(super) fn quota_exceeded() -> Self {
        let said = "Quota exceeded for this device.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", said)
            .with_code("QUOTA_EXCEEDED")
            .with(json!({ "@type": QUOTA_FAILURE, "violations": [{ "subject": "device", "description": said }] }))
    }

    pub(super) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "The service is currently unavailable.",
        )
        .with_code("UNAVAILABLE")
    }

    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL",
            "Internal error encountered.",
        )
        .with_code("INTERNAL")
    }

    pub(super) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.retry_after = seconds;
        self
    }

    pub(super) fn code(&self) -> StatusCode {
        self.code
    }

    /// FCM's own word where it has one, else Google's.
    pub(super) fn reason(&self) -> &str {
        let own = self
            .details
            .iter()
            .find_map(|detail| detail["errorCode"].as_str());
        own.unwrap_or(self.status)
    }

    pub(super) fn explanation(&self) -> String {
        self.why.clone().unwrap_or_else(|| self.message.clone())
    }

    pub(super) fn answer(&self) -> Response {
        let mut error = json!({ "code": self.code.as_u16(), "message": self.message, "status": self.status });
        if !self.details.is_empty() {
            error["details"] = self.details.clone().into();
        }
        let mut response = (self.code, Json(json!({ "error": error }))).into_response();
        if let Some(seconds) = self.retry_after {
            set(&mut response, "retry-after", &seconds.to_string());
        }
        if self.code == StatusCode::UNAUTHORIZED {
            set(
                &mut response,
                "www-authenticate",
                "Bearer realm=\"https://accounts.google.com/\"",
            );
        }
        response
    }
}

fn violation(field: &str, description: &str) -> Value {
    json!({ "@type": BAD_REQUEST, "fieldViolations": [{ "field": field, "description": description }] })
}
