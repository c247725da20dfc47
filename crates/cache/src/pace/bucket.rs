//! The bucket in this process.

use std::time::Duration;

use tokio::time::Instant;

use super::Rate;

/// At the beginning of a ramp.
const SLOWEST: f64 = 0.1;
/// What sums of fractions may be off by.
const CLOSE: f64 = 1e-6;

/// What a bucket gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// So many turns, at least one.
    Turns(u32),
    /// Nothing yet.
    Wait(Duration),
}

/// As the one in Redis.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    began: Instant,
    last: Instant,
    /// When it will be empty again.
    empty: Instant,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            began: now,
            last: now,
            empty: now,
        }
    }

    /// Takes at most `asked` turns, at least one or none.
    pub(super) fn take(&mut self, room: Duration, asked: u32, now: Instant) -> Share {
        if now.duration_since(self.last) > self.rate.ramp {
            self.began = now;
        }
        let step = 1.0 / (f64::from(self.rate.per_second.max(1)) * self.part(now));
        let filled = self.empty.saturating_duration_since(now).as_secs_f64();
        let left = room.as_secs_f64().max(step) - filled;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small number that is none below zero"
        )]
        let given = (((left / step + CLOSE).floor()).max(0.0) as u32).min(asked);
        if given == 0 {
            return Share::Wait(Duration::from_secs_f64((step - left).max(0.0)));
        }
        self.last = now;
        self.empty = now + Duration::from_secs_f64(filled + f64::from(given) * step);
        Share::Turns(given)
    }

    /// Which part of the rate it is at.
    fn part(&self, now: Instant) -> f64 {
        if self.rate.ramp.is_zero() {
            return 1.0;
        }
        let age = now.duration_since(self.began).as_secs_f64();
        (age / self.rate.ramp.as_secs_f64()).clamp(SLOWEST, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many go out in each second, asked for ten at a time.
    fn seconds(rate: Rate, room: Duration, seconds: u32) -> Vec<u32> {
        let begin = Instant::now();
        let mut bucket = Bucket::new(rate, begin);
        let in_second = |second: u32| {
            let mut taken = 0;
            for millisecond in 0..1000 {
                let now = begin + SECOND * second + Duration::from_millis(millisecond);
                while let Share::Turns(turns) = bucket.take(room, 10, now) {
                    taken += turns;
                }
            }
            taken
        };
        (0..seconds).map(in_second).collect()
    }

    #[test]
    fn no_more_than_the_rate_goes_out_but_for_what_fits_into_the_bucket() {
        let rate = Rate {
            per_second: 100,
            ramp: Duration::ZERO,
        };
        let [first, second, third] = seconds(rate, SECOND / 2, 3).try_into().unwrap();
        assert_eq!(first, 149, "half a second's worth at once");
        assert_eq!((second, third), (100, 100));
    }

    #[test]
    fn a_ramp_begins_at_a_tenth() {
        let rate = Rate {
            per_second: 1000,
            ramp: SECOND * 10,
        };
        let counts = seconds(rate, SECOND / 100, 12);
        assert!((90..=115).contains(&counts[0]), "{counts:?}");
        assert!(counts.is_sorted(), "{counts:?}");
        assert!((440..=560).contains(&counts[4]), "{counts:?}");
        assert!((990..=1010).contains(&counts[11]), "{counts:?}");
    }

    #[test]
    fn one_lane_leaves_room_for_the_other() {
        let rate = Rate {
            per_second: 10,
            ramp: Duration::ZERO,
        };
        let now = Instant::now();
        let mut bucket = Bucket::new(rate, now);
        let narrow = Duration::from_millis(300);
        assert_eq!(bucket.take(narrow, 10, now), Share::Turns(3));
        assert!(matches!(bucket.take(narrow, 10, now), Share::Wait(_)));
        assert_eq!(bucket.take(SECOND / 2, 10, now), Share::Turns(2));
        assert!(matches!(bucket.take(SECOND / 2, 1, now), Share::Wait(_)));
    }

    #[test]
    fn the_slowest_rate_goes_out_too() {
        let rate = Rate {
            per_second: 1,
            ramp: Duration::ZERO,
        };
        assert_eq!(seconds(rate, Duration::from_millis(10), 3), [1, 1, 1]);
    }
}
