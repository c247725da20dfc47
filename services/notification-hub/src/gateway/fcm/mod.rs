//! Firebase Cloud Messaging: the client is the workspace's own crate, this maps to and from it.

use ::fcm::{Client, FcmError, Message, MessageBuilder, MessageError, Priority, RetryAfter, Target};
use jiff::Timestamp;
use storage::Channel;

use super::transport::words;
use super::{Answer, Gateway, Push};

/// The gateway to FCM.
pub struct Fcm {
    client: Client,
}

impl Fcm {
    /// A gateway over `client`.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Gateway for Fcm {
    async fn send(&self, push: &Push, now: Timestamp) -> Answer {
        let Some(target) = target(&push.channel) else {
            return Answer::Refused {
                why: "the channel is no FCM target".into(),
            };
        };
        let message = match message(push, target, now) {
            Ok(message) => message,
            Err(error) => {
                return Answer::Refused {
                    why: error.to_string(),
                };
            }
        };
        match self.client.send(&message, now).await {
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

fn message(push: &Push, target: Target, now: Timestamp) -> Result<Message, MessageError> {
    let priority = if push.urgent {
        Priority::High
    } else {
        Priority::Normal
    };
    let builder = MessageBuilder::new(target)
        .notification(&push.text.title, &push.text.body)
        .collapse_key(&push.collapse)
        .priority(priority)
        .ttl(push.time_to_live(now));
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
        let message = message(&push, target(&push.channel).unwrap(), now).unwrap();
        let order = push.collapse.clone();
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
