//! How long things took.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Longer ones count as this.
const LONGEST: Duration = Duration::from_secs(3600);
/// Three digits of each value are kept.
const DIGITS: u8 = 3;
const SHOWN: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// Latencies from one microsecond to an hour. Shared by all who measure.
#[derive(Debug)]
pub struct Latency {
    micros: Mutex<Histogram<u64>>,
}

impl Latency {
    /// An empty one.
    ///
    /// # Errors
    /// Never with the bounds of this file.
    pub fn new() -> Result<Self> {
        let longest = u64::try_from(LONGEST.as_micros())?;
        Ok(Self {
            micros: Mutex::new(Histogram::new_with_max(longest, DIGITS)?),
        })
    }

    /// Adds one measurement.
    pub fn record(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.lock().saturating_record(micros);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.lock().len()
    }

    /// The latency that this share of all, from 0 to 1, stayed within.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.lock().value_at_quantile(share))
    }

    /// The usual quantiles by name, in microseconds.
    pub fn to_json(&self) -> Value {
        let quantiles =
            SHOWN.map(|(name, share)| (name.to_owned(), json!(self.lock().value_at_quantile(share))));
        Value::Object(quantiles.into_iter().collect())
    }

    fn lock(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.micros.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Latency {
    /// `p50 1.204ms, p90 …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, share)) in SHOWN.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {:?}", self.quantile(share))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let latency = Latency::new().unwrap();
        (1..=100).for_each(|ms| latency.record(Duration::from_millis(ms)));
        latency.record(LONGEST * 2);
        assert_eq!(latency.count(), 101);
        let near = |share: f64, ms: u64| {
            let found = latency
                .quantile(share)
                .as_micros()
                .abs_diff(u128::from(ms) * 1000);
            assert!(found < 1000, "{share}: {latency}");
        };
        near(0.5, 51);
        near(0.9, 91);
        assert!(latency.quantile(1.0) >= LONGEST);
    }
}
