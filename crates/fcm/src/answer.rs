//! Google's error body, read: `google.rpc.Status` with details.

use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::token::retry_after;
use crate::{FcmError, RetryAfter};

const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";

#[derive(Deserialize)]
struct Body {
    error: Status,
}

#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Value>,
}

impl Status {
    fn code(&self) -> Option<&str> {
        let detail = self.details.iter().find(|detail| detail["@type"] == FCM_ERROR)?;
        detail["errorCode"].as_str()
    }

    fn fields(&self) -> Vec<String> {
        let violations = self
            .details
            .iter()
            .filter_map(|detail| detail["fieldViolations"].as_array());
        violations
            .flatten()
            .filter_map(|violation| violation["field"].as_str())
            .map(str::to_owned)
            .collect()
    }
}

/// Turns a refusal into its kind.
pub(crate) async fn refusal(response: reqwest::Response, now: Timestamp) -> FcmError {
    let status = response.status();
    let wait = retry_after(&response, now);
    // A body that is cut off still leaves the status, which is enough to go by.
    let text = response.text().await.unwrap_or_default();
    let error = serde_json::from_str::<Body>(&text)
        .map(|body| body.error)
        .unwrap_or_default();
    classify(status, &error, wait)
}

fn classify(status: StatusCode, error: &Status, wait: Option<RetryAfter>) -> FcmError {
    let message = if error.message.is_empty() {
        status.to_string()
    } else {
        error.message.clone()
    };
    let code = error.code().unwrap_or_default();
    match (code, status) {
        ("UNREGISTERED", _) => FcmError::Unregistered { message },
        ("SENDER_ID_MISMATCH", _) => FcmError::SenderMismatch { message },
        ("QUOTA_EXCEEDED", _) | (_, StatusCode::TOO_MANY_REQUESTS) => FcmError::QuotaExceeded {
            message,
            retry_after: wait.unwrap_or(RetryAfter::QUOTA_DEFAULT),
        },
        ("INVALID_ARGUMENT", _) | (_, StatusCode::BAD_REQUEST) => FcmError::Invalid {
            message,
            fields: error.fields(),
        },
        (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => FcmError::Unauthenticated { message },
        (_, status) if status.is_server_error() => FcmError::Unavailable {
            message,
            retry_after: wait,
        },
        (_, status) => FcmError::Unexpected {
            status: status.as_u16(),
            message,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(status: u16, details: &Value) -> FcmError {
        let details = details.as_array().unwrap().clone();
        let error = Status {
            message: "said".into(),
            details,
        };
        classify(StatusCode::from_u16(status).unwrap(), &error, None)
    }

    #[test]
    fn only_the_details_say_that_a_target_is_gone() {
        let gone = serde_json::json!([{"@type": FCM_ERROR, "errorCode": "UNREGISTERED"}]);
        assert!(matches!(classified(404, &gone), FcmError::Unregistered { .. }));
        let bare = classified(404, &serde_json::json!([]));
        assert!(matches!(bare, FcmError::Unexpected { status: 404, .. }));
    }

    #[test]
    fn a_429_without_a_time_waits_a_minute() {
        let error = classified(429, &serde_json::json!([]));
        assert_eq!(error.retry_after(), Some(RetryAfter::QUOTA_DEFAULT));
    }

    #[test]
    fn an_html_page_of_a_front_end_is_unavailable() {
        assert!(matches!(
            classified(502, &serde_json::json!([])),
            FcmError::Unavailable { .. }
        ));
    }
}
