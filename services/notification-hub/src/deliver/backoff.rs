//! How long a push waits before it is tried again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

const SHORTEST: Duration = Duration::from_millis(500);
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(120);

/// Full jitter over a span that grows with the push's age, which doubles it from try to try: no count has to be kept.
pub(super) fn pause(id: Uuid, event_at: Timestamp, now: Timestamp) -> Duration {
    let age = Duration::try_from(now.duration_since(event_at)).unwrap_or_default();
    age.clamp(FIRST, LONGEST).mul_f64(fraction(id, now)).max(SHORTEST)
}

/// A wait that was asked for, never cut short: the worker comes back a fifth sooner or later than told.
pub(super) fn asked(wait: Duration) -> Duration {
    wait.mul_f64(1.25)
}

/// At most until just after the deadline, so that a push that is too late is noted as such in time.
pub(super) fn until_deadline(wait: Duration, deadline: Timestamp, now: Timestamp) -> Duration {
    let left = Duration::try_from(deadline.duration_since(now)).unwrap_or_default();
    wait.min(left + SHORTEST)
}

/// From 0 to 1, another for every push and every time.
fn fraction(id: Uuid, now: Timestamp) -> f64 {
    let mut hasher = DefaultHasher::new();
    (id, now.as_nanosecond()).hash(&mut hasher);
    f64::from((hasher.finish() >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    #[test]
    fn the_span_grows_with_the_age_up_to_a_limit() {
        for (age, span) in [
            (0, FIRST),
            (10_000, Duration::from_secs(10)),
            (3_600_000, LONGEST),
        ] {
            let waits: Vec<_> = (0..200)
                .map(|id| pause(Uuid::from_u128(id), at(0), at(age)))
                .collect();
            assert!(waits.iter().all(|wait| (SHORTEST..=span).contains(wait)), "{age}");
            assert!(
                waits.iter().any(|wait| *wait > span / 2) && waits.iter().any(|wait| *wait < span / 2),
                "{age}"
            );
        }
    }

    #[test]
    fn nothing_waits_far_beyond_its_deadline() {
        let wait = until_deadline(Duration::from_secs(3_600), at(10_000), at(4_000));
        assert_eq!(wait, Duration::from_secs(6) + SHORTEST);
        assert_eq!(
            until_deadline(Duration::from_secs(3_600), at(0), at(4_000)),
            SHORTEST
        );
    }
}
