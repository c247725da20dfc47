//! What APNs answers, read: status and `reason`.

use std::time::Duration;

use a2::ErrorReason;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Answer;

/// The reason by which a token that is too old is known.
pub(super) const EXPIRED: &str = "ExpiredProviderToken";
/// Apple takes a new token at most every 20 minutes.
const TOKEN_PAUSE: Duration = Duration::from_mins(20);

#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    reason: String,
    /// Milliseconds since 1970: when APNs noticed that the token is no longer valid.
    timestamp: Option<i64>,
}

/// What an answer other than 200 means.
pub(super) fn classify(status: u16, body: &[u8], after: Option<Duration>) -> Answer {
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let why = if body.reason.is_empty() {
        format!("APNs answered {status}")
    } else {
        format!("{status} {}", body.reason)
    };
    // Reasons that Apple adds later have no name here; the status says enough.
    let reason: Option<ErrorReason> = serde_json::from_value(Value::String(body.reason)).ok();
    match (status, reason) {
        (400, Some(ErrorReason::BadDeviceToken)) => Answer::Gone { as_of: None, why },
        (410, _) => gone(body.timestamp, why),
        (429, Some(ErrorReason::TooManyProviderTokenUpdates)) => Answer::Retry {
            after: after.or(Some(TOKEN_PAUSE)),
            why,
        },
        (429, _) | (_, Some(ErrorReason::IdleTimeout)) => Answer::Retry { after, why },
        (500.., _) => Answer::Retry { after, why },
        (403, _)
        | (_, Some(ErrorReason::BadTopic | ErrorReason::MissingTopic | ErrorReason::TopicDisallowed)) => {
            Answer::Barred { why }
        }
        _ => Answer::Refused { why },
    }
}

/// Without its time, a 410 can't be told from one about a channel that has been registered again since.
fn gone(timestamp: Option<i64>, why: String) -> Answer {
    match timestamp.and_then(|at| Timestamp::from_millisecond(at).ok()) {
        Some(at) => Answer::Gone { as_of: Some(at), why },
        None => Answer::Refused {
            why: format!("{why}, without the time since when"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classified(status: u16, body: &str) -> Answer {
        classify(status, body.as_bytes(), None)
    }

    #[test]
    fn a_device_is_gone_only_where_apple_says_so() {
        let gone = classified(410, r#"{"reason":"Unregistered","timestamp":1763719200000}"#);
        let at = Timestamp::from_second(1_763_719_200).unwrap();
        assert_eq!(
            gone,
            Answer::Gone {
                as_of: Some(at),
                why: "410 Unregistered".into()
            }
        );
        assert!(matches!(
            classified(400, r#"{"reason":"BadDeviceToken"}"#),
            Answer::Gone { as_of: None, .. }
        ));
        assert!(matches!(
            classified(410, r#"{"reason":"Unregistered"}"#),
            Answer::Refused { .. }
        ));
        assert!(matches!(
            classified(400, r#"{"reason":"DeviceTokenNotForTopic"}"#),
            Answer::Refused { .. }
        ));
        assert!(matches!(
            classified(404, r#"{"reason":"BadPath"}"#),
            Answer::Refused { .. }
        ));
    }

    #[test]
    fn what_an_operator_must_mend_bars() {
        assert!(matches!(
            classified(403, r#"{"reason":"InvalidProviderToken"}"#),
            Answer::Barred { .. }
        ));
        assert!(matches!(
            classified(400, r#"{"reason":"TopicDisallowed"}"#),
            Answer::Barred { .. }
        ));
        assert!(matches!(classified(403, ""), Answer::Barred { .. }));
    }

    #[test]
    fn what_passes_is_tried_again() {
        assert!(matches!(
            classified(503, r#"{"reason":"Shutdown"}"#),
            Answer::Retry { after: None, .. }
        ));
        assert!(matches!(classified(500, "<html>"), Answer::Retry { .. }));
        assert!(matches!(
            classified(429, r#"{"reason":"TooManyRequests"}"#),
            Answer::Retry { after: None, .. }
        ));
        let changed = classified(429, r#"{"reason":"TooManyProviderTokenUpdates"}"#);
        assert!(matches!(
            changed,
            Answer::Retry {
                after: Some(TOKEN_PAUSE),
                ..
            }
        ));
    }

    #[test]
    fn a_reason_that_is_new_is_judged_by_its_status() {
        assert!(matches!(
            classified(400, r#"{"reason":"SomethingNew"}"#),
            Answer::Refused { .. }
        ));
        assert!(matches!(
            classified(503, r#"{"reason":"SomethingNew"}"#),
            Answer::Retry { .. }
        ));
    }

    /// "Handling notification responses from APNs": every reason, with its status.
    const REASONS: [(u16, &str, &str); 31] = [
        (400, "BadCollapseId", "refused"),
        (400, "BadDeviceToken", "gone"),
        (400, "BadExpirationDate", "refused"),
        (400, "BadMessageId", "refused"),
        (400, "BadPriority", "refused"),
        (400, "BadTopic", "barred"),
        (400, "DeviceTokenNotForTopic", "refused"),
        (400, "DuplicateHeaders", "refused"),
        (400, "IdleTimeout", "retry"),
        (400, "InvalidPushType", "refused"),
        (400, "MissingDeviceToken", "refused"),
        (400, "MissingTopic", "barred"),
        (400, "PayloadEmpty", "refused"),
        (400, "TopicDisallowed", "barred"),
        (403, "BadCertificate", "barred"),
        (403, "BadCertificateEnvironment", "barred"),
        (403, "BadEnvironmentKeyIdInToken", "barred"),
        (403, "ExpiredProviderToken", "barred"),
        (403, "Forbidden", "barred"),
        (403, "InvalidProviderToken", "barred"),
        (403, "MissingProviderToken", "barred"),
        (403, "UnrelatedKeyIdInToken", "barred"),
        (404, "BadPath", "refused"),
        (405, "MethodNotAllowed", "refused"),
        (410, "Unregistered", "gone"),
        (413, "PayloadTooLarge", "refused"),
        (429, "TooManyProviderTokenUpdates", "retry"),
        (429, "TooManyRequests", "retry"),
        (500, "InternalServerError", "retry"),
        (503, "ServiceUnavailable", "retry"),
        (503, "Shutdown", "retry"),
    ];

    #[test]
    fn every_reason_has_its_meaning() {
        for (status, reason, word) in REASONS {
            let body = format!(r#"{{"reason":"{reason}","timestamp":1763719200000}}"#);
            let answer = classified(status, &body);
            assert_eq!(answer.word(), word, "{status} {reason}");
        }
        let expired = r#"{"reason":"ExpiredToken","timestamp":1763719200000}"#;
        assert_eq!(classified(410, expired).word(), "gone");
    }
}
