//! How long the provider asks to wait.

use std::time::Duration;

use jiff::Timestamp;

/// A wait the provider asked for: the `Retry-After` header, RFC 9110 section 10.2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RetryAfter(Duration);

impl RetryAfter {
    /// What Google wants after a 429 that names no time.
    pub const QUOTA_DEFAULT: Self = Self(Duration::from_secs(60));

    /// A wait of that length.
    pub fn new(wait: Duration) -> Self {
        Self(wait)
    }

    /// Reads seconds or an HTTP date; a date gone by is no wait. None when it is neither.
    pub fn parse(value: &str, now: Timestamp) -> Option<Self> {
        let value = value.trim();
        if let Ok(seconds) = value.parse::<u64>() {
            return Some(Self(Duration::from_secs(seconds)));
        }
        let at = jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(value)
            .ok()?;
        Some(Self(
            Duration::try_from(at.duration_since(now)).unwrap_or_default(),
        ))
    }

    /// The wait.
    pub fn duration(self) -> Duration {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_dates() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let wait = |text| RetryAfter::parse(text, now).map(RetryAfter::duration);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            wait("Sat, 21 Nov 2026 10:00:30 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(wait("Sat, 21 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }
}
