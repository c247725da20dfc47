//! How hard and how long.

use std::time::Duration;

/// How a cell is run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Makes the same orders and the same moments again.
    pub seed: u64,
    /// How long load lasts, at least.
    pub length: Duration,
    /// Orders per second.
    pub rate: f64,
    /// How long what is long lasts: a server that is away, a process that stands still.
    pub long: Duration,
    /// How often a process is killed.
    pub kills: u32,
    /// How many devices are told at once.
    pub devices: usize,
    /// How long the hub waits for the answer of a push service.
    pub answer: Duration,
}

impl Settings {
    /// As the matrix says it.
    #[must_use]
    pub fn full(seed: u64) -> Self {
        Self {
            seed,
            length: Duration::from_secs(30),
            rate: 30.0,
            long: Duration::from_secs(60),
            kills: 20,
            devices: 20_000,
            answer: Duration::from_secs(10),
        }
    }

    /// For every run of the tests.
    #[must_use]
    pub fn short(seed: u64) -> Self {
        Self {
            length: Duration::from_secs(9),
            long: Duration::from_secs(8),
            kills: 3,
            devices: 2_000,
            answer: Duration::from_secs(2),
            ..Self::full(seed)
        }
    }

    /// The same with load of at least this length.
    #[must_use]
    pub fn lasting(self, length: Duration) -> Self {
        Self {
            length: self.length.max(length),
            ..self
        }
    }

    /// How long what is short lasts: a third of the load.
    #[must_use]
    pub fn brief(&self) -> Duration {
        self.length / 3
    }

    /// How many orders the load has.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number far below the limit"
    )]
    pub fn orders(&self) -> u64 {
        (self.length.as_secs_f64() * self.rate).ceil() as u64
    }
}
