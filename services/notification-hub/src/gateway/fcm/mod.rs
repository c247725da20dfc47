//! Firebase Cloud Messaging: the client is the workspace's own crate, this maps to and from it.

use ::fcm::{Client, FcmError, Message, MessageBuilder, MessageError, Priority, RetryAfter, Target};
use jiff::Timestamp;
use storage::Channel;

use super::pool::Pool;
use super::transport::words;
use super::{Answer, Gateway, Kind, Push};

/// How the app's pushes look on Android, and what Google counts them under.
#[derive(Debug, Clone, Default)]
pub struct Looks {
    /// The notification channel; the app's default where there is none.
    pub channel: Option<String>,
    /// The label for Google's analytics.
    pub label: Option<String>,
}

/// The gateway to FCM.
pub struct Fcm {
    client: Client,
    pool: Pool,
    looks: Looks,
}

impl Fcm {
    /// A gateway over `client`, which sends by the connections of `pool`.
    pub fn new(client: Client, pool: Pool, looks: Looks) -> Self {
        Self { client, pool, looks }
    }
}

impl Gateway for Fcm {
    async fn send(&self, push: &Push, now: Timestamp) -> Answer {
        let Some(target) = target(&push.channel) else {
            return Answer::Refused {
                why: "the channel is no FCM target".into(),
            };
        };
        let message = match message(push, &self.looks, target, now) {
            Ok(message) => message,
            Err(error) => {
                return Answer::Refused {
                    why: error.to_string(),
                };
            }
        };
        let lease = self.pool.lease();
        let sent = self.client.send_by(lease.client(), &message, now).await;
        match &sent {
            Err(FcmError::Unknown(error)) if error.is_timeout() => lease.waited_in_vain(),
            _ => lease.answered(),
        }
        match sent {
            Ok(name) => Answer::Sent {
                id: Some(name.as_str().to_owned()),
            },
            Err(error) => answer(&error),
        }
    }
}

fn target(channel: &Channel) -> Option<Target> {
    match channel {
        Channel::Fcm { kind, value } if kind == "token" => Some(Target::token(value)),
        Channel::Fcm { kind, value } if kind == "fid" => Some(Target::fid(value)),
        _ => None,
    }
}

fn message(push: &Push, looks: &Looks, target: Target, now: Timestamp) -> Result<Message, MessageError> {
    let priority = if push.urgent {
        Priority::High
    } else {
        Priority::Normal
    };
    let mut builder = MessageBuilder::new(target)
        .collapse_key(&push.collapse)
        .priority(priority)
        .ttl(push.time_to_live(now));
    if push.kind == Kind::Alert {
        builder = builder.notification(&push.text.title, &push.text.body);
    }
    if let Some(channel) = &looks.channel {
        builder = builder.channel(channel);
    }
    if let Some(label) = &looks.label {
        builder = builder.analytics_label(label);
    }
    let data = push.data.iter();
    data.fold(builder, |builder, (name, value)| builder.data(name, value))
        .build()
}

fn answer(error: &FcmError) -> Answer {
    let why = match error {
        FcmError::Unreachable(cause) | FcmError::Unknown(cause) => words(cause),
        other => other.to_string(),
    };
    let after = error.retry_after().map(RetryAfter::duration);
    match error {
        FcmError::Unregistered { .. } => Answer::Gone { as_of: None, why },
        FcmError::QuotaExceeded { .. } | FcmError::Unavailable { .. } | FcmError::Unreachable(_) => {
            Answer::Retry { after, why }
        }
        FcmError::Unknown(_) => Answer::Unknown { why },
        // A 404 that does not name the device is about the project.
        FcmError::Unauthenticated { .. } | FcmError::Unexpected { status: 404, .. } => Answer::Barred { why },
        FcmError::Invalid { .. } | FcmError::SenderMismatch { .. } | FcmError::Unexpected { .. } => {
            Answer::Refused { why }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gateway::samples::push;
    use serde_json::json;

    #[test]
    fn a_message_is_what_http_v1_takes() {
        let push = push(Channel::Fcm {
            kind: "token".into(),
            value: "device:APA91b".into(),
        });
        let now = crate::notification::samples::NOW.parse().unwrap();
        let message = message(&push, &Looks::default(), target(&push.channel).unwrap(), now).unwrap();
        let order = push.collapse;
        assert_eq!(
            serde_json::to_value(message).unwrap(),
            json!({
                "token": "device:APA91b",
                "notification": {"title": "Tea & <cups>", "body": "It's \"on\" its way"},
                "data": {"order": order, "version": "2", "state": "confirmed"},
                "android": {"collapse_key": order, "priority": "HIGH", "ttl": "1800s", "notification": {"tag": order}},
            })
        );
    }

    #[test]
    fn a_silent_push_is_data_alone_and_news_may_wait() {
        let mut push = push(Channel::Fcm {
            kind: "fid".into(),
            value: "c1KrmpTuRm4".into(),
        });
        (push.kind, push.urgent) = (Kind::Background, false);
        let looks = Looks {
            channel: Some("orders".into()),
            label: Some("orders_1".into()),
        };
        let now = crate::notification::samples::NOW.parse().unwrap();
        let message = message(&push, &looks, target(&push.channel).unwrap(), now).unwrap();
        let order = push.collapse;
        assert_eq!(
            serde_json::to_value(message).unwrap(),
            json!({
                "fid": "c1KrmpTuRm4",
                "data": {"order": order, "version": "2", "state": "confirmed"},
                "android": {"collapse_key": order, "priority": "NORMAL", "ttl": "1800s"},
                "fcm_options": {"analytics_label": "orders_1"},
            })
        );
    }

    #[test]
    fn every_error_has_its_meaning() {
        let message = || "said".to_owned();
        for (error, word) in [
            (FcmError::Unregistered { message: message() }, "gone"),
            (
                FcmError::Invalid {
                    message: message(),
                    fields: vec![],
                },
                "refused",
            ),
            (FcmError::SenderMismatch { message: message() }, "refused"),
            (
                FcmError::QuotaExceeded {
                    message: message(),
                    retry_after: RetryAfter::QUOTA_DEFAULT,
                },
                "retry",
            ),
            (
                FcmError::Unavailable {
                    message: message(),
                    retry_after: None,
                },
                "retry",
            ),
            (FcmError::Unauthenticated { message: message() }, "barred"),
            (
                FcmError::Unexpected {
                    status: 404,
                    message: message(),
                },
                "barred",
            ),
            (
                FcmError::Unexpected {
                    status: 418,
                    message: message(),
                },
                "refused",
            ),
        ] {
            assert_eq!(answer(&error).word(), word, "{error:?}");
        }
    }

    #[test]
    fn both_kinds_of_target_are_known_and_no_other() {
        let channel = |kind: &str| Channel::Fcm {
            kind: kind.into(),
            value: "v".into(),
        };
        assert_eq!(target(&channel("token")), Some(Target::token("v")));
        assert_eq!(target(&channel("fid")), Some(Target::fid("v")));
        assert_eq!(target(&channel("topic")), None);
        assert_eq!(target(&Channel::Apns { token: "ab".into() }), None);
    }

    #[test]
    fn only_unregistered_removes_a_device() {
        let message = || "said".to_owned();
        assert!(matches!(
            answer(&FcmError::Unregistered { message: message() }),
            Answer::Gone { as_of: None, .. }
        ));
        let bare = FcmError::Unexpected {
            status: 404,
            message: message(),
        };
        assert!(matches!(answer(&bare), Answer::Barred { .. }));
        assert!(matches!(
            answer(&FcmError::Invalid {
                message: message(),
                fields: vec![]
            }),
            Answer::Refused { .. }
        ));
        assert!(matches!(
            answer(&FcmError::Unauthenticated { message: message() }),
            Answer::Barred { .. }
        ));
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept() {
        let quota = FcmError::QuotaExceeded {
            message: "said".into(),
            retry_after: RetryAfter::QUOTA_DEFAULT,
        };
        assert!(
            matches!(answer(&quota), Answer::Retry { after: Some(wait), .. } if wait == Duration::from_secs(60))
        );
    }
}
