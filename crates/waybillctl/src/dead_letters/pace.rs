//! No faster than wanted, and a word about it now and then.

use std::io::Write;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

const A_WORD_EVERY: Duration = Duration::from_secs(2);

/// The pace of something that is done many times.
pub(super) struct Pace {
    ticks: Option<Interval>,
    all: usize,
    done: &'static str,
    last_word: Instant,
}

impl Pace {
    /// At most `rate` times a second; `all` in all.
    pub(super) fn new(rate: Option<u32>, all: usize, done: &'static str) -> Self {
        let ticks = rate.filter(|rate| *rate > 0).map(|rate| {
            let mut ticks = interval(Duration::from_secs(1) / rate);
            // What took longer is not caught up with.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        Self {
            ticks,
            all,
            done,
            last_word: Instant::now(),
        }
    }

    /// Until it is time for the next one, the letter `number`, after `so_far`.
    pub(super) async fn wait(&mut self, so_far: usize, number: u64) {
        if let Some(ticks) = &mut self.ticks {
            ticks.tick().await;
        }
        if self.last_word.elapsed() < A_WORD_EVERY {
            return;
        }
        self.last_word = Instant::now();
        let Self { all, done, .. } = self;
        // Nobody is left to tell when this fails.
        let _ = writeln!(
            std::io::stderr(),
            "{so_far} of {all} {done}, now at letter {number}"
        );
    }
}
