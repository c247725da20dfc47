//! Counting in this process alone.

use std::collections::HashMap;
use std::time::Duration;

use super::{Quota, Verdict, microseconds};

/// The most buckets that are kept; more than can be in use within the time that a quota looks back.
const BUCKETS: usize = 100_000;

/// The buckets of this process: when each will be empty again, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Here {
    empty: HashMap<String, i64>,
    /// How often was counted since those that are empty again were last forgotten.
    counted: usize,
}

impl Here {
    /// Takes one request from a bucket at `now`, in microseconds. One that finds no place here is allowed.
    pub(super) fn take(&mut self, key: &str, quota: Quota, now: i64) -> Verdict {
        self.tidy(now);
        let (step, window) = (microseconds(quota.step()), microseconds(quota.window));
        let empty = self.empty.get(key).copied().unwrap_or_default().max(now);
        let filled = empty + step - now;
        if filled > window {
            return Verdict {
                allowed: false,
                remaining: quota.requests_in(window - (empty - now)),
                retry_after: Duration::from_micros((filled - window).unsigned_abs()),
            };
        }
        if let Some(kept) = self.empty.get_mut(key) {
            *kept = empty + step;
        } else if self.empty.len() < BUCKETS {
            self.empty.insert(key.to_owned(), empty + step);
        }
        Verdict {
            allowed: true,
            remaining: quota.requests_in(window - filled),
            retry_after: Duration::ZERO,
        }
    }

    fn tidy(&mut self, now: i64) {
        self.counted += 1;
        if self.counted >= BUCKETS {
            self.counted = 0;
            self.empty.retain(|_, empty| *empty > now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota {
        requests: 3,
        window: Duration::from_secs(30),
    };
    const SECOND: i64 = 1_000_000;

    fn wait(here: &mut Here, second: i64) -> Result<u32, Duration> {
        let verdict = here.take("one", QUOTA, second * SECOND);
        if verdict.allowed {
            Ok(verdict.remaining)
        } else {
            Err(verdict.retry_after)
        }
    }

    #[test]
    fn all_at_once_and_then_one_each_time_a_part_of_the_window_is_over() {
        let mut here = Here::default();
        let answers = [(); 3].map(|()| wait(&mut here, 0));
        assert_eq!(answers, [Ok(2), Ok(1), Ok(0)]);
        assert_eq!(wait(&mut here, 0), Err(Duration::from_secs(10)));
        assert_eq!(wait(&mut here, 9), Err(Duration::from_secs(1)));
        assert_eq!(wait(&mut here, 10), Ok(0));
        assert_eq!(wait(&mut here, 10), Err(Duration::from_secs(10)));
        assert_eq!(wait(&mut here, 1_000), Ok(2));
    }

    #[test]
    fn buckets_that_are_empty_again_are_forgotten() {
        let mut here = Here::default();
        for bucket in 0..BUCKETS - 1 {
            here.take(&bucket.to_string(), QUOTA, 0);
        }
        assert_eq!(here.empty.len(), BUCKETS - 1);
        here.take("late", QUOTA, 3600 * SECOND);
        assert_eq!(here.empty.len(), 1);
    }
}
