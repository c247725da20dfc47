//! The message, as HTTP v1 wants it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The largest payload FCM takes: keys and values of the notification and the data.
const PAYLOAD_LIMIT_BYTES: usize = 4096;
/// Four weeks, the longest FCM keeps a message.
const LONGEST_TTL: Duration = Duration::from_secs(2_419_200);

/// How a device is named: Google moves from registration tokens to installation ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A registration token.
    Token,
    /// A Firebase installation id.
    Fid,
}

/// One app on one device.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// How `value` is to be read.
    pub kind: TargetKind,
    /// The token or the id.
    pub value: String,
}

impl Target {
    /// Names a device by its registration token.
    pub fn token(value: impl Into<String>) -> Self {
        Self {
            kind: TargetKind::Token,
            value: value.into(),
        }
    }

    /// Names a device by its installation id.
    pub fn fid(value: impl Into<String>) -> Self {
        Self {
            kind: TargetKind::Fid,
            value: value.into(),
        }
    }
}

/// How urgently Android delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Priority {
    /// May wait until the device is awake.
    Normal,
    /// Wakes the device.
    High,
}

/// A message ready to be sent. Made by [`MessageBuilder`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<Notification>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: BTreeMap<String, String>,
    android: Android,
    #[serde(skip_serializing_if = "Option::is_none")]
    fcm_options: Option<FcmOptions>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct FcmOptions {
    analytics_label: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Notification {
    title: String,
    body: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
struct Android {
    #[serde(skip_serializing_if = "Option::is_none")]
    collapse_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<AndroidNotification>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize)]
struct AndroidNotification {
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<String>,
}

impl AndroidNotification {
    fn size(&self) -> usize {
        let field =
            |name: &str, value: &Option<String>| value.as_ref().map_or(0, |value| name.len() + value.len());
        field("tag", &self.tag) + field("channel_id", &self.channel_id)
    }
}

/// Why a message can't be built; FCM would refuse it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No token or id.
    #[error("the target is empty")]
    EmptyTarget,
    /// A key of the data that FCM keeps for itself.
    #[error("`{0}` is a key FCM keeps for itself")]
    ReservedKey(String),
    /// More than 4,096 bytes of keys and values.
    #[error("the payload is {0} bytes long, FCM takes 4096")]
    TooLarge(usize),
    /// A label that Google's analytics would not take.
    #[error("an analytics label has 1 to 50 letters, digits and the characters -_.~%")]
    Label,
    /// A time to live beyond four weeks.
    #[error("FCM keeps a message for at most four weeks")]
    TtlTooLong,
}

/// Builds a [`Message`].
#[derive(Debug, Clone)]
pub struct MessageBuilder {
    target: Target,
    notification: Option<Notification>,
    data: BTreeMap<String, String>,
    android: Android,
    ttl: Option<Duration>,
    channel: Option<String>,
    label: Option<String>,
}

impl MessageBuilder {
    /// A message for that device, so far empty.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            notification: None,
            data: BTreeMap::new(),
            android: Android::default(),
            ttl: None,
            channel: None,
            label: None,
        }
    }

    /// What the device shows.
    #[must_use]
    pub fn notification(mut self, title: impl Into<String>, body: impl Into<String>) -> Self {
        self.notification = Some(Notification {
            title: title.into(),
            body: body.into(),
        });
        self
    }

    /// One property for the app.
    #[must_use]
    pub fn data(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }

    /// A later message with this key replaces an earlier one that still waits, and on the device one already shown
    /// (Android knows it there as the notification's tag).
    #[must_use]
    pub fn collapse_key(mut self, key: impl Into<String>) -> Self {
        self.android.collapse_key = Some(key.into());
        self
    }

    /// The Android notification channel that it is shown in; one that the app has made.
    #[must_use]
    pub fn channel(mut self, id: impl Into<String>) -> Self {
        self.channel = Some(id.into());
        self
    }

    /// What it is counted under in Google's analytics.
    #[must_use]
    pub fn analytics_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// How urgently it is delivered.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.android.priority = Some(priority);
        self
    }

    /// How long FCM keeps trying; whole seconds.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// The message.
    ///
    /// # Errors
    /// When FCM would refuse it.
    pub fn build(mut self) -> Result<Message, MessageError> {
        // A message of data alone shows nothing, so there is nothing to replace and no channel to show it in.
        if self.notification.is_some() {
            let shown = AndroidNotification {
                tag: self.android.collapse_key.clone(),
                channel_id: self.channel.take(),
            };
            self.android.notification = Some(shown).filter(|shown| *shown != AndroidNotification::default());
        }
        self.check()?;
        self.android.ttl = self.ttl.map(|ttl| format!("{}s", ttl.as_secs()));
        let (token, fid) = match self.target.kind {
            TargetKind::Token => (Some(self.target.value), None),
            TargetKind::Fid => (None, Some(self.target.value)),
        };
        Ok(Message {
            token,
            fid,
            notification: self.notification,
            data: self.data,
            android: self.android,
            fcm_options: self.label.map(|analytics_label| FcmOptions { analytics_label }),
        })
    }

    fn check(&self) -> Result<(), MessageError> {
        if self.target.value.is_empty() {
            return Err(MessageError::EmptyTarget);
        }
        if let Some(key) = self.data.keys().find(|key| is_reserved(key)) {
            return Err(MessageError::ReservedKey(key.clone()));
        }
        if self.ttl.is_some_and(|ttl| ttl > LONGEST_TTL) {
            return Err(MessageError::TtlTooLong);
        }
        if self
            .label
            .as_ref()
            .is_some_and(|label| !is_analytics_label(label))
        {
            return Err(MessageError::Label);
        }
        let shown = self
            .notification
            .as_ref()
            .map_or(0, |n| "titlebody".len() + n.title.len() + n.body.len());
        let on_android = self
            .android
            .notification
            .as_ref()
            .map_or(0, AndroidNotification::size);
        let size = shown
            + on_android
            + self
                .data
                .iter()
                .map(|(key, value)| key.len() + value.len())
                .sum::<usize>();
        if size > PAYLOAD_LIMIT_BYTES {
            Err(MessageError::TooLarge(size))
        } else {
            Ok(())
        }
    }
}

/// Whether Google's analytics take `label`: 1 to 50 letters, digits and the characters `-_.~%`.
pub fn is_analytics_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte);
    (1..=50).contains(&label.len()) && label.bytes().all(allowed)
}

fn is_reserved(key: &str) -> bool {
    key == "from" || key == "message_type" || key.starts_with("google") || key.starts_with("gcm")
}

#[cfg(test)]
mod tests;
