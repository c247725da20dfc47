//! What a load came to.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::Load;
use crate::{Answer, Latency};

/// Counts, while it runs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    attempts: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
    unknown_attempts: AtomicU64,
    temporary: AtomicU64,
}

impl Tally {
    /// One answer.
    pub(super) fn attempt(&self, answer: &Answer) {
        add(&self.attempts);
        match answer {
            Answer::Accepted { .. } => add(&self.accepted),
            Answer::Refused { .. } => add(&self.temporary),
            Answer::Unknown(_) => add(&self.unknown_attempts),
        }
    }

    /// An order was refused for good.
    pub(super) fn refused(&self) {
        add(&self.refused);
        self.temporary.fetch_sub(1, Ordering::Relaxed);
    }

    /// An order's outcome stays unknown.
    pub(super) fn given_up(&self) {
        add(&self.unknown);
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// What a load came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Orders that were accepted.
    pub accepted: u64,
    /// Orders that were refused for good.
    pub refused: u64,
    /// Orders whose outcome is not known.
    pub unknown: u64,
    /// Requests.
    pub attempts: u64,
    /// Requests that got no answer.
    pub unknown_attempts: u64,
    /// Requests that were answered with 408, 425, 429 or 5xx.
    pub put_off: u64,
    /// From the first order to the last outcome.
    pub elapsed: Duration,
    /// From when an order was due until it was known to be accepted, retries included: quantiles by name, in microseconds.
    pub latency_micros: Value,
    text: String,
}

impl Report {
    pub(super) fn of(tally: &Tally, latency: &Latency, load: &Load, elapsed: Duration) -> Self {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Self {
            seed: load.seed,
            accepted: count(&tally.accepted),
            refused: count(&tally.refused),
            unknown: count(&tally.unknown),
            attempts: count(&tally.attempts),
            unknown_attempts: count(&tally.unknown_attempts),
            put_off: count(&tally.temporary),
            elapsed,
            latency_micros: latency.to_json(),
            text: latency.to_string(),
        }
    }

    /// Accepted orders per second.
    pub fn rate(&self) -> f64 {
        self.accepted as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// For scripts.
    pub fn to_json(&self) -> Value {
        json!({
            "seed": self.seed,
            "accepted": self.accepted,
            "refused": self.refused,
            "unknown": self.unknown,
            "attempts": self.attempts,
            "unknown_attempts": self.unknown_attempts,
            "put_off": self.put_off,
            "seconds": self.elapsed.as_secs_f64(),
            "accepted_per_second": self.rate(),
            "latency_micros": self.latency_micros,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        writeln!(
            f,
            "orders: {} accepted, {} refused, {} unknown in {:.1} s ({:.1} accepted/s)",
            self.accepted,
            self.refused,
            self.unknown,
            self.elapsed.as_secs_f64(),
            self.rate()
        )?;
        writeln!(
            f,
            "requests: {}, of which {} got no answer and {} were put off",
            self.attempts, self.unknown_attempts, self.put_off
        )?;
        write!(f, "latency from when an order was due: {}", self.text)
    }
}
