//! Faults on demand, one device at a time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a black hole holds a request at most.
pub(crate) const BLACK_HOLE: Duration = Duration::from_secs(300);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// Too many requests: APNs, FCM and Web Push 429, WNS 406.
    #[serde(rename = "429")]
    Throttled,
    /// The app is gone from the device: APNs 410, FCM 404 with `UNREGISTERED`, WNS and Web Push 410.
    #[serde(rename = "410")]
    Gone,
    /// The provider fails.
    #[serde(rename = "500")]
    InternalError,
    /// The provider is overloaded.
    #[serde(rename = "503")]
    Unavailable,
    /// The credentials are said to be out of date: APNs 403, the others 401.
    #[serde(rename = "expired-token")]
    ExpiredToken,
    /// The push is taken, the answer comes late.
    #[serde(rename = "slow")]
    Slow,
    /// The push is not taken and no answer comes.
    #[serde(rename = "black-hole")]
    BlackHole,
    /// The push is taken and answered, then the connection says GOAWAY.
    #[serde(rename = "goaway")]
    GoAway,
    /// The push is taken and the connection is cut before the answer.
    #[serde(rename = "reset")]
    Reset,
    /// WNS only: answered 200, but dropped.
    #[serde(rename = "dropped")]
    Dropped,
    /// WNS only: 410 because the sender is blocked; the device is well.
    #[serde(rename = "domain-blocked")]
    DomainBlocked,
}

/// A fault that a device shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Seconds for the `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// How late a slow answer is; 5,000 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How many requests it hits; all until it is taken back when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Fault {
    /// A fault that stays until it is taken back.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            retry_after: None,
            delay_ms: None,
            times: None,
        }
    }

    /// The same for that many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same with a `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(5_000)).min(BLACK_HOLE)
    }
}
