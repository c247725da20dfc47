//! Which dead letters a command is about.

use anyhow::ensure;
use chassis::{args::duration, clock};
use clap::Args;
use domain::{Customer, OrderId};
use jiff::Timestamp;
use messaging::dead_letters::Letters;

/// Those that fit everything that is given.
#[derive(Debug, Clone, Args)]
pub(crate) struct Filters {
    /// Only letters of this stream, e.g. ORDERS.
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,

    /// Only those that this consumer gave up, e.g. order-processor-p03.
    #[arg(long, value_name = "CONSUMER")]
    consumer: Option<String>,

    /// Only those given up for this reason, e.g. attempts_exhausted.
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,

    /// Only those of commands on this order and of its events.
    #[arg(long, value_name = "ID")]
    order: Option<OrderId>,

    /// Only those of what this customer asked: account:ID or guest:ID. Those of an erased one keep his data until they are replayed or discarded.
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<Customer>,

    /// Only those given up since then: a time (2026-03-01T12:00:00Z) or how long ago (90m).
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,

    /// Only those given up before then: a time or how long ago.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
}

impl Filters {
    /// The letters that fit, from the number `from` on.
    pub(crate) fn letters(&self, from: u64) -> Letters {
        let Self {
            stream,
            consumer,
            reason,
            order,
            customer,
            since,
            until,
        } = self.clone();
        Letters {
            from,
            stream,
            consumer,
            reason,
            order,
            customer,
            since,
            until,
        }
    }
}

/// The letters that something is to be done to.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Their numbers in the list.
    #[arg(value_name = "NUMBER")]
    pub(crate) numbers: Vec<u64>,

    /// Every letter that fits the filters; every one there is without filters.
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    filters: Filters,
}

impl Which {
    /// What to look for; none where numbers are given.
    pub(crate) fn letters(&self) -> anyhow::Result<Option<Letters>> {
        let letters = self.filters.letters(0);
        let many = self.all || letters != Letters::default();
        ensure!(
            many == self.numbers.is_empty(),
            "say which letters: their numbers, or filters such as --reason, or --all; not both"
        );
        Ok(many.then_some(letters))
    }
}

/// Reads a time, or how long ago it was.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let ago = duration(text).map_err(|_| {
        "must be a time such as 2026-03-01T12:00:00Z, or how long ago such as 90m or 2h".to_owned()
    })?;
    clock::now()
        .checked_sub(ago)
        .map_err(|_| "is longer ago than times go back".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        which: Which,
    }

    fn which(more: &[&str]) -> Result<Option<Letters>, String> {
        let line = Line::try_parse_from(["line"].iter().chain(more)).map_err(|error| error.to_string())?;
        line.which.letters().map_err(|error| error.to_string())
    }

    #[test]
    fn letters_are_named_by_number_or_by_filters_and_never_by_both_or_nothing() {
        assert_eq!(which(&["3", "4"]), Ok(None));
        assert_eq!(which(&["--all"]), Ok(Some(Letters::default())));
        let expired = Letters {
            reason: Some("expired".into()),
            ..Letters::default()
        };
        assert_eq!(which(&["--reason", "expired"]), Ok(Some(expired.clone())));
        assert_eq!(which(&["--all", "--reason", "expired"]), Ok(Some(expired)));
        for wrong in [&[][..], &["3", "--all"], &["3", "--reason", "expired"]] {
            assert!(which(wrong).unwrap_err().contains("say which"), "{wrong:?}");
        }
    }

    #[test]
    fn a_moment_is_a_time_or_how_long_ago() {
        assert_eq!(
            moment("2026-03-01T12:00:00Z"),
            Ok("2026-03-01T12:00:00Z".parse().unwrap())
        );
        let then = moment("90m").unwrap();
        assert_eq!(clock::now().duration_since(then).as_mins(), 90);
        for wrong in ["yesterday", "-5m", "90", "99999999999h"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
