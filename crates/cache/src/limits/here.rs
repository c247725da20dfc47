//! Counting in this process alone.

use std::collections::HashMap;
use std::time::Duration;

use super::{Quota, Share, Verdict, microseconds};

/// The most buckets that are kept; more than can be in use within the time that a quota looks back.
const BUCKETS: usize = 100_000;
/// How long room that Redis gave is kept at least, in microseconds.
const KEPT: i64 = 1_000_000;

/// The buckets of this process.
#[derive(Debug, Default)]
pub(super) struct Here {
    buckets: HashMap<String, Counted>,
    /// How often was counted since those that are empty again were last forgotten.
    counted: usize,
}

/// A bucket as this process counts it. Times are in microseconds.
#[derive(Debug, Default)]
struct Counted {
    /// When it will be empty again, counting the requests of this process.
    empty: i64,
    /// For how many requests there is room of what Redis gave.
    given: u32,
    /// Until when that room is there.
    until: i64,
    /// What was left of the window beside it.
    left: i64,
}

/// One request, taken from a bucket of this process.
pub(super) struct Taken {
    pub(super) verdict: Verdict,
    /// Whether Redis gave room for it before.
    pub(super) covered: bool,
}

impl Here {
    /// Takes one request from a bucket at `now`, in microseconds. One that finds no place here is allowed.
    pub(super) fn take(&mut self, key: &str, quota: Quota, now: i64) -> Taken {
        self.tidy(now);
        let (step, window) = (microseconds(quota.step()), microseconds(quota.window));
        let counted = self.counted(key);
        let empty = counted.as_ref().map_or(0, |counted| counted.empty).max(now);
        let filled = empty + step - now;
        if filled > window {
            return Taken {
                verdict: refusal(quota, window - (empty - now), filled - window),
                covered: false,
            };
        }
        let mut verdict = Verdict {
            allowed: true,
            remaining: quota.requests_in(window - filled),
            retry_after: Duration::ZERO,
        };
        let mut covered = false;
        if let Some(counted) = counted {
            counted.empty = empty + step;
            covered = counted.given > 0 && counted.until > now;
            if covered {
                counted.given -= 1;
                let there = quota.requests_in(counted.left).saturating_add(counted.given);
                verdict.remaining = verdict.remaining.min(there);
            }
        }
        Taken { verdict, covered }
    }

    /// Takes the request from what Redis gave, and keeps the rest of it for later ones.
    pub(super) fn receive(&mut self, key: &str, quota: Quota, share: Share, now: i64) -> Verdict {
        if share.given == 0 {
            return refusal(quota, share.left, share.wait);
        }
        let rest = share.given - 1;
        if let Some(counted) = self.counted(key) {
            counted.given = rest;
            // At least until the bucket has as much room again, so that who asks seldom loses nothing.
            let refilled = microseconds(quota.step()) * i64::from(quota.share());
            counted.until = now + refilled.max(KEPT);
            counted.left = share.left;
        }
        Verdict {
            allowed: true,
            remaining: quota.requests_in(share.left).saturating_add(rest),
            retry_after: Duration::ZERO,
        }
    }

    /// The bucket, where there is place for it.
    fn counted(&mut self, key: &str) -> Option<&mut Counted> {
        if !self.buckets.contains_key(key) {
            if self.buckets.len() >= BUCKETS {
                return None;
            }
            self.buckets.insert(key.to_owned(), Counted::default());
        }
        self.buckets.get_mut(key)
    }

    fn tidy(&mut self, now: i64) {
        self.counted += 1;
        if self.counted >= BUCKETS {
            self.counted = 0;
            self.buckets.retain(|_, counted| counted.empty > now);
        }
    }
}

fn refusal(quota: Quota, left: i64, wait: i64) -> Verdict {
    Verdict {
        allowed: false,
        remaining: quota.requests_in(left),
        retry_after: Duration::from_micros(wait.unsigned_abs()),
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

    fn take(here: &mut Here, second: i64) -> Result<u32, Duration> {
        let verdict = here.take("one", QUOTA, second * SECOND).verdict;
        if verdict.allowed {
            Ok(verdict.remaining)
        } else {
            Err(verdict.retry_after)
        }
    }

    #[test]
    fn all_at_once_and_then_one_each_time_a_part_of_the_window_is_over() {
        let mut here = Here::default();
        let answers = [(); 3].map(|()| take(&mut here, 0));
        assert_eq!(answers, [Ok(2), Ok(1), Ok(0)]);
        assert_eq!(take(&mut here, 0), Err(Duration::from_secs(10)));
        assert_eq!(take(&mut here, 9), Err(Duration::from_secs(1)));
        assert_eq!(take(&mut here, 10), Ok(0));
        assert_eq!(take(&mut here, 10), Err(Duration::from_secs(10)));
        assert_eq!(take(&mut here, 1_000), Ok(2));
    }

    #[test]
    fn what_was_given_at_once_covers_later_requests_for_a_while() {
        let quota = Quota {
            requests: 3_000,
            window: Duration::from_secs(30),
        };
        let given = || Share {
            given: quota.share(),
            left: 20 * SECOND,
            wait: 0,
        };
        let mut here = Here::default();
        assert!(!here.take("one", quota, 0).covered);
        assert_eq!(here.receive("one", quota, given(), 0).remaining, 2_002);
        for left in [2_001, 2_000] {
            let taken = here.take("one", quota, 0);
            assert!(taken.covered);
            assert_eq!(taken.verdict.remaining, left);
        }
        assert!(!here.take("one", quota, 0).covered, "all of it is used");
        here.receive("one", quota, given(), 0);
        assert!(!here.take("one", quota, KEPT).covered, "it is no longer kept");
    }

    #[test]
    fn buckets_that_are_empty_again_are_forgotten() {
        let mut here = Here::default();
        for bucket in 0..BUCKETS - 1 {
            assert!(here.take(&bucket.to_string(), QUOTA, 0).verdict.allowed);
        }
        assert_eq!(here.buckets.len(), BUCKETS - 1);
        assert!(here.take("late", QUOTA, 3600 * SECOND).verdict.allowed);
        assert_eq!(here.buckets.len(), 1);
    }
}
