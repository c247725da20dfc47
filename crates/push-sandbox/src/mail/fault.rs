//! Faults of the mail server on demand.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailFaultKind {
    /// At MAIL: the server shuts down. For all recipients.
    #[serde(rename = "421")]
    ShuttingDown,
    /// At RCPT: the mailbox is busy.
    #[serde(rename = "450")]
    Busy,
    /// At AUTH: the password is said to be wrong. For all recipients.
    #[serde(rename = "535")]
    SignIn,
    /// At RCPT: there is no such mailbox.
    #[serde(rename = "550")]
    NoMailbox,
    /// After the content: it is refused for what it is.
    #[serde(rename = "554")]
    Policy,
    /// The mail is taken, the answer comes late.
    #[serde(rename = "slow")]
    Slow,
    /// The mail is taken and the connection is cut before the answer.
    #[serde(rename = "drop")]
    Drop,
}

/// A fault that the mail server shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailFault {
    /// What goes wrong.
    pub kind: MailFaultKind,
    /// With mail to whom; to everyone when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How late a slow answer is; 5,000 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How often; always until it is taken back when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl MailFault {
    /// A fault with all mail that stays until it is taken back.
    pub fn new(kind: MailFaultKind) -> Self {
        Self {
            kind,
            to: None,
            delay_ms: None,
            times: None,
        }
    }

    /// The same for that many mails.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same for mail to `to` alone.
    #[must_use]
    pub fn to(mut self, to: &str) -> Self {
        self.to = Some(to.to_owned());
        self
    }

    /// How late a slow answer is.
    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(5_000).min(300_000))
    }

    /// Whether it is of one of `kinds` and about one of `to`.
    pub(super) fn hits(&self, kinds: &[MailFaultKind], to: &[String]) -> bool {
        let about = |wanted: &String| to.iter().any(|to| to.eq_ignore_ascii_case(wanted));
        kinds.contains(&self.kind) && self.to.as_ref().is_none_or(about)
    }
}
