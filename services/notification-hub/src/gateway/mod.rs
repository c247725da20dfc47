//! One gateway per push service: each turns a [`Push`] into the service's own request, and its answer into an [`Answer`].

pub mod apns;
mod collapse;
pub mod email;
pub mod es256;
pub mod fcm;
pub mod pool;
pub mod transport;
pub mod webpush;
pub mod wns;

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use push_texts::Text;
use storage::Channel;
use uuid::Uuid;

/// What a push does on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is shown.
    Alert,
    /// It shows nothing: the app is handed its data.
    Background,
}

/// One push, ready to be sent.
#[derive(Debug, Clone)]
pub struct Push {
    /// The delivery's id, stable over repeats.
    pub id: Uuid,
    /// Which app on the device.
    pub app: String,
    /// Where the device is reached.
    pub channel: Channel,
    /// `production` or `development` (APNs).
    pub environment: String,
    /// A later push with the same key replaces this one on the device. At most 64 characters.
    pub collapse: String,
    /// What the app is told beside the text: names and values.
    pub data: Vec<(String, String)>,
    /// Whether it may wake a device that sleeps.
    pub urgent: bool,
    /// Whether it is shown.
    pub kind: Kind,
    /// What is shown.
    pub text: Text,
    /// In which language: a BCP 47 tag.
    pub locale: String,
    /// What a mail is about; none where it is for anyone.
    pub subject: Option<email::Subject>,
    /// After that nobody wants it.
    pub deadline: Timestamp,
}

impl Push {
    /// How long the push service may keep it, whole seconds, at least one.
    pub fn time_to_live(&self, now: Timestamp) -> Duration {
        Duration::try_from(self.deadline.duration_since(now)).map_or(Duration::from_secs(1), |left| {
            Duration::from_secs(left.as_secs().max(1))
        })
    }
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The service took it, under its id.
    Sent {
        /// The service's id for it.
        id: Option<String>,
    },
    /// It was sent and no answer came: it may have been taken.
    Unknown {
        /// The cause.
        why: String,
    },
    /// It was not taken; the same may work later.
    Retry {
        /// The wait that the service asked for.
        after: Option<Duration>,
        /// The cause.
        why: String,
    },
    /// The device is gone.
    Gone {
        /// When the service noticed, where it says so.
        as_of: Option<Timestamp>,
        /// The service's word.
        why: String,
    },
    /// This push will never be taken.
    Refused {
        /// The cause.
        why: String,
    },
    /// The service refuses *us*: credentials, topic or project are wrong. For an operator to mend; the pushes wait.
    Barred {
        /// The cause.
        why: String,
    },
}

impl Answer {
    /// Its word in metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Unknown { .. } => "unknown",
            Self::Retry { .. } => "retry",
            Self::Gone { .. } => "gone",
            Self::Refused { .. } => "refused",
            Self::Barred { .. } => "barred",
        }
    }

    /// For a push that is longer than its service takes.
    pub(crate) fn too_long(bytes: usize, limit: usize) -> Self {
        Self::Refused {
            why: format!("the push is {bytes} bytes long, the service takes {limit}"),
        }
    }

    /// What became of a request whose answer did not arrive.
    pub(crate) fn of_transport(error: &reqwest::Error) -> Self {
        let why = transport::words(error);
        if error.is_connect() || error.is_builder() {
            Self::Retry { after: None, why }
        } else {
            Self::Unknown { why }
        }
    }
}

/// A push service.
pub trait Gateway: Send + Sync + 'static {
    /// Hands one push to the service, once (and once more with a fresh token when the first is refused as too old).
    fn send(&self, push: &Push, now: Timestamp) -> impl Future<Output = Answer> + Send;
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::notification::samples;
    use domain::OrderState;

    /// A key of no one: the example of RFC 6979, appendix A.2.5, in PKCS #8.
    pub(crate) const KEY: &str = "-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCDJr6nYRbp1Fmtcglfw
ab2FLDHyaoWNBN3WaaTBIDcSFw==
-----END PRIVATE KEY-----
";

    pub(crate) fn push(channel: Channel) -> Push {
        let event = samples::event(OrderState::Confirmed);
        Push {
            id: "018f0000-0000-5000-8000-000000000003".parse().unwrap(),
            app: "shop".into(),
            channel,
            environment: "production".into(),
            collapse: event.order.to_string(),
            data: vec![
                ("order".into(), event.order.to_string()),
                ("version".into(), event.version.to_string()),
                ("state".into(), event.state.as_str().into()),
            ],
            urgent: true,
            kind: Kind::Alert,
            text: Text {
                title: "Tea & <cups>".into(),
                body: "It's \"on\" its way".into(),
            },
            locale: "en".into(),
            subject: Some(email::Subject::Order(event.order)),
            deadline: crate::notification::deadline(event.at),
        }
    }
}
