//! Apple's error reasons and the statuses they come with.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::providers::exchange::set;

macro_rules! reasons {
    ($($name:ident = $status:ident,)*) => {
        /// Why APNs refuses, in Apple's words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Reason { $($name,)* }

        impl Reason {
            pub(super) fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            pub(super) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

reasons! {
    BadCollapseId = BAD_REQUEST,
    BadDeviceToken = BAD_REQUEST,
    BadExpirationDate = BAD_REQUEST,
    BadMessageId = BAD_REQUEST,
    BadPriority = BAD_REQUEST,
    DuplicateHeaders = BAD_REQUEST,
    InvalidPushType = BAD_REQUEST,
    MissingDeviceToken = BAD_REQUEST,
    MissingTopic = BAD_REQUEST,
    PayloadEmpty = BAD_REQUEST,
    TopicDisallowed = BAD_REQUEST,
    ExpiredProviderToken = FORBIDDEN,
    InvalidProviderToken = FORBIDDEN,
    MissingProviderToken = FORBIDDEN,
    BadPath = NOT_FOUND,
    MethodNotAllowed = METHOD_NOT_ALLOWED,
    Unregistered = GONE,
    PayloadTooLarge = PAYLOAD_TOO_LARGE,
    TooManyProviderTokenUpdates = TOO_MANY_REQUESTS,
    TooManyRequests = TOO_MANY_REQUESTS,
    InternalServerError = INTERNAL_SERVER_ERROR,
    ServiceUnavailable = SERVICE_UNAVAILABLE,
}

/// A refusal, with the cause in our words for the page.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) reason: Reason,
    pub(super) explanation: String,
    pub(super) retry_after: Option<u64>,
}

impl Refused {
    pub(super) fn of(reason: Reason, explanation: impl Into<String>) -> Self {
        Self {
            reason,
            explanation: explanation.into(),
            retry_after: None,
        }
    }

    /// The answer as Apple gives it: a JSON body with the reason, and for a gone device since when.
    pub(super) fn answer(&self, now: Timestamp) -> Response {
        let mut body = json!({ "reason": self.reason.as_str() });
        if self.reason == Reason::Unregistered {
            // The device went a moment ago, after any registration that a test has just made.
            body["timestamp"] = (now + SignedDuration::from_millis(1)).as_millisecond().into();
        }
        let mut response = (self.reason.status(), Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            set(&mut response, "retry-after", &seconds.to_string());
        }
        response
    }
}
