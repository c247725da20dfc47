//! What a cell came to.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;

use crate::history::{Record, What};
use crate::{Report, Violation};

/// What was found in one cell.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Which.
    pub cell: String,
    /// Made its orders and moments.
    pub seed: u64,
    /// Orders that were accepted.
    pub accepted: u64,
    /// Orders of which nobody knows.
    pub unknown: u64,
    /// Accepted and not there, or never settled.
    pub lost: usize,
    /// There twice, or with two effects.
    pub doubled: usize,
    /// Products of which stock and orders do not add up.
    pub oversold: usize,
    /// From the end of the fault until all that had been accepted was settled and more was accepted.
    pub recovery: Option<Duration>,
    /// Every broken promise in words.
    pub broken: Vec<String>,
    /// What else was seen.
    pub notes: Vec<String>,
    /// Why it was not run.
    pub skipped: Option<String>,
}

impl Outcome {
    /// Whether no promise was broken.
    #[must_use]
    pub fn held(&self) -> bool {
        self.broken.is_empty()
    }

    pub(super) fn count(&mut self, report: &Report) {
        self.accepted += report.accepted;
        self.unknown += report.unknown;
        self.notes.push(report.to_string().replace('\n', "; "));
    }

    pub(super) fn judge(&mut self, violations: &[Violation]) {
        for violation in violations {
            match violation {
                Violation::Lost { .. } | Violation::Unsettled { .. } => self.lost += 1,
                Violation::Doubled { .. } | Violation::TwoOrders { .. } | Violation::EffectTwice { .. } => {
                    self.doubled += 1;
                }
                Violation::BelowZero { .. }
                | Violation::WrongLedger { .. }
                | Violation::UnitsVanished { .. }
                | Violation::SoldNotHeld { .. } => self.oversold += 1,
                _ => {}
            }
            self.broken.push(violation.to_string());
        }
    }

    /// One line for each thing that was found.
    #[must_use]
    pub fn details(&self) -> String {
        let mut text = String::new();
        let shown = self.broken.len().min(MOST_SHOWN);
        for line in &self.broken[..shown] {
            let _ = writeln!(text, "  BROKEN {line}");
        }
        if self.broken.len() > shown {
            let _ = writeln!(text, "  BROKEN … and {} more", self.broken.len() - shown);
        }
        for line in &self.notes {
            let _ = writeln!(text, "  {line}");
        }
        if let Some(why) = &self.skipped {
            let _ = writeln!(text, "  skipped: {why}");
        }
        text.trim_end().to_owned()
    }

    fn verdict(&self) -> String {
        match (&self.skipped, self.broken.len()) {
            (Some(_), _) => "skipped".into(),
            (None, 0) => "held".into(),
            (None, broken) => format!("BROKEN ({broken})"),
        }
    }
}

/// Of one cell.
const MOST_SHOWN: usize = 20;

/// All cells, one line each.
#[must_use]
pub fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "{:<40} {:>8} {:>6} {:>7} {:>8} {:>7} {:>9} {:>20}  {}",
        "cell", "accepted", "lost", "doubled", "oversold", "unknown", "recovery", "seed", "promises"
    );
    for outcome in outcomes {
        let recovery = outcome
            .recovery
            .map_or_else(|| "-".into(), |took| format!("{:.1} s", took.as_secs_f64()));
        let _ = write!(
            text,
            "\n{:<40} {:>8} {:>6} {:>7} {:>8} {:>7} {:>9} {:>20}  {}",
            outcome.cell,
            outcome.accepted,
            outcome.lost,
            outcome.doubled,
            outcome.oversold,
            outcome.unknown,
            recovery,
            outcome.seed,
            outcome.verdict()
        );
    }
    text
}

/// What half of the orders took that were sent in this time at the first try.
pub(super) fn usual(history: &[Record], time: Range<Timestamp>) -> Option<Duration> {
    let mut sent = HashMap::new();
    let mut took: Vec<Duration> = Vec::new();
    for record in history
        .iter()
        .filter(|record| time.contains(&record.at) && record.attempt == 1)
    {
        match record.what {
            What::Attempted { .. } => {
                sent.insert(&record.key, record.at);
            }
            What::Accepted { .. } => {
                let sent = sent.get(&record.key);
                took.extend(sent.map(|sent| record.at.duration_since(*sent).unsigned_abs()));
            }
            _ => {}
        }
    }
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use domain::OrderId;
    use uuid::Uuid;

    use super::*;

    fn order() -> OrderId {
        OrderId(Uuid::from_u128(1))
    }

    #[test]
    fn violations_are_counted_by_what_they_mean_and_break_the_cell() {
        let mut outcome = Outcome::default();
        assert!(outcome.held());
        let (order, sku) = (order(), "tea".parse().unwrap());
        outcome.judge(&[
            Violation::Lost {
                order,
                key: "a".into(),
            },
            Violation::Doubled { order },
            Violation::BelowZero { sku, available: -1 },
            Violation::Stranger { order },
        ]);
        assert_eq!((outcome.lost, outcome.doubled, outcome.oversold), (1, 1, 1));
        assert_eq!((outcome.broken.len(), outcome.held()), (4, false));
    }

    #[test]
    fn the_table_has_a_line_for_each_cell_with_its_seed_and_verdict() {
        let held = Outcome {
            cell: "latency".into(),
            seed: 7,
            recovery: Some(Duration::from_millis(1240)),
            ..Outcome::default()
        };
        let skipped = Outcome {
            cell: "disk-full-nats".into(),
            skipped: Some("no root".into()),
            ..Outcome::default()
        };
        let broken = Outcome {
            cell: "push".into(),
            broken: vec!["I4".into()],
            ..Outcome::default()
        };
        let table = table(&[held, skipped, broken]);
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[1].starts_with("latency") && lines[1].ends_with("1.2 s                    7  held"));
        assert!(lines[2].ends_with("skipped") && lines[3].ends_with("BROKEN (1)"));
    }
}
