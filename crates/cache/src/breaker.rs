//! Keeps a silent Redis from adding its time-out to every request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row open it.
const FAILURES: u32 = 3;

/// How long an open breaker refuses before it lets one operation try.
const PAUSE: Duration = Duration::from_secs(1);

/// Closed while Redis answers; open for a while after it did not.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether an operation may be tried now. When a pause is over one may, and the others wait for what it finds.
    pub(crate) fn admits(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    /// Redis answered.
    pub(crate) fn answered(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// Redis did not answer. Gives whether that opened the breaker.
    pub(crate) fn silent(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        if state.failures < FAILURES {
            return false;
        }
        state.open_until = Some(Instant::now() + PAUSE);
        state.failures == FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn opens_after_three_failures_and_then_lets_one_try() {
        let breaker = Breaker::default();
        assert!(!breaker.silent() && !breaker.silent() && breaker.admits());
        assert!(breaker.silent());
        assert!(!breaker.admits());
        tokio::time::advance(PAUSE).await;
        assert!(breaker.admits(), "one probe");
        assert!(!breaker.admits(), "and only one");
        breaker.answered();
        assert!(breaker.admits() && breaker.admits());
    }
}
