//! What the programs need to know. Every flag has an environment name.

mod perf;

use std::path::PathBuf;
use std::time::Duration;

use chassis::args::{DatabaseArgs, duration};
use clap::{Parser, Subcommand};

use crate::{Load, Pace, fault};

pub use perf::{ConstantArgs, PerfArgs, WishesArgs};

/// Orders under load, and whether the promises held.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send orders to the REST API and write down what became of each attempt.
    Load(LoadArgs),
    /// Compare a history with the database: prints every broken promise, and fails if there is one.
    Check(CheckArgs),
    /// Break one thing after the other in the middle of load, in stacks of their own, and look at every promise.
    Fault(FaultArgs),
    /// Measure speed, memory and start, each beside a floor measured in the same run. Fails on no missed goal.
    Perf(PerfArgs),
    /// Measure what it costs to find the wishes that an event fulfils, by how many there are.
    Wishes(WishesArgs),
    /// Answer every request with so many bytes: the floor of reading.
    #[command(hide = true)]
    Constant(ConstantArgs),
}

/// `bench load`
#[derive(Debug, clap::Args)]
pub struct LoadArgs {
    /// The REST API, e.g. http://localhost:8081
    #[arg(long, env = "WAYBILL_API_URL", value_name = "URL")]
    pub api_url: String,

    /// Orders per second, at a constant rate whatever the system does.
    #[arg(
        long,
        env = "BENCH_RATE",
        value_name = "N",
        value_parser = rate,
        required_unless_present = "in_flight",
        conflicts_with = "in_flight"
    )]
    pub rate: Option<f64>,

    /// As fast as it goes instead, with this many orders on their way at once.
    #[arg(long, env = "BENCH_IN_FLIGHT", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub in_flight: Option<u32>,

    /// How many orders.
    #[arg(long, env = "BENCH_ORDERS", value_name = "N", default_value_t = 1000)]
    pub orders: u64,

    /// How many guests they are spread over.
    #[arg(long, env = "BENCH_GUESTS", value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub guests: u32,

    /// How much more popular the popular products are: exponent of Zipf's law, 0 for all alike.
    #[arg(long, env = "BENCH_SKEW", value_name = "EXPONENT", default_value_t = 1.0, value_parser = skew)]
    pub skew: f64,

    /// Makes the same orders again. A fresh one when not given; it is printed.
    #[arg(long, env = "BENCH_SEED", value_name = "N")]
    pub seed: Option<u64>,

    /// How long one request may take before its outcome counts as unknown, e.g. 5s.
    #[arg(long, env = "BENCH_TIMEOUT", value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub timeout: Duration,

    /// How long an order is sent again, under its key, while its outcome is unknown, e.g. 60s.
    #[arg(long, env = "BENCH_RETRY_BUDGET", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub retry_budget: Duration,

    /// Share of the accepted orders that are read again and again until a while after they are settled, from 0 to 1.
    #[arg(long, env = "BENCH_FOLLOW", value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub follow: f64,

    /// Where the history goes, one JSON object a line. Nowhere when not given.
    #[arg(long, env = "BENCH_HISTORY", value_name = "FILE")]
    pub history: Option<PathBuf>,
}

/// `bench check`
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Postgres.
    #[command(flatten)]
    pub database: DatabaseArgs,

    /// What `bench load` wrote.
    #[arg(long, env = "BENCH_HISTORY", value_name = "FILE")]
    pub history: PathBuf,

    /// How long to wait until every accepted order is settled, e.g. 15s.
    #[arg(long, env = "BENCH_WAIT", value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub wait: Duration,

    /// The database also has orders that are not in this history.
    #[arg(long, env = "BENCH_OTHERS")]
    pub others: bool,

    /// Prices were changed after orders had been confirmed: don't compare them with the catalog.
    #[arg(long, env = "BENCH_PRICES_CHANGED")]
    pub prices_changed: bool,
}

/// `bench fault`
#[derive(Debug, clap::Args)]
pub struct FaultArgs {
    /// Which cells of the matrix, by how their names begin; all when not given.
    #[arg(value_name = "CELL", env = "FAULT_CELLS", value_delimiter = ',')]
    pub cells: Vec<String>,

    /// Makes the same orders and the same moments again. A fresh one when not given; it is printed.
    #[arg(long, env = "FAULT_SEED", value_name = "N")]
    pub seed: Option<u64>,

    /// How long load lasts in each cell, at least.
    #[arg(long, env = "FAULT_MINUTES", value_name = "M", value_parser = rate)]
    pub minutes: Option<f64>,

    /// Orders per second.
    #[arg(long, env = "FAULT_RATE", value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,

    /// Less of everything: as the tests run it.
    #[arg(long, env = "FAULT_SHORT")]
    pub short: bool,

    /// Name the cells and run none.
    #[arg(long, env = "FAULT_LIST")]
    pub list: bool,
}

impl FaultArgs {
    /// How hard and how long; `seed` is taken where none is given.
    pub fn settings(&self, seed: u64) -> fault::Settings {
        let seed = self.seed.unwrap_or(seed);
        let usual = if self.short {
            fault::Settings::short(seed)
        } else {
            fault::Settings::full(seed)
        };
        let minutes = |minutes: f64| Duration::from_secs_f64(minutes * 60.0);
        fault::Settings {
            length: self.minutes.map_or(usual.length, minutes),
            rate: self.rate.unwrap_or(usual.rate),
            ..usual
        }
    }
}

impl LoadArgs {
    /// The load that is asked for; `seed` is taken where none is given.
    pub fn load(&self, seed: u64) -> Load {
        let pace = match (self.rate, self.in_flight) {
            (Some(rate), _) => Pace::PerSecond(rate),
            (None, most) => Pace::InFlight(most.unwrap_or(1)),
        };
        Load {
            pace,
            orders: self.orders,
            guests: self.guests,
            first_guest: 0,
            skew: self.skew,
            seed: self.seed.unwrap_or(seed),
            retry_budget: self.retry_budget,
            follow: self.follow,
        }
    }
}

fn number(text: &str, holds: impl Fn(f64) -> bool, must: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number
        .filter(|number| holds(*number))
        .ok_or_else(|| format!("must be {must}"))
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, |rate| rate > 0.0, "a number above 0")
}

fn skew(text: &str) -> Result<f64, String> {
    number(text, |skew| skew >= 0.0, "a number, at least 0")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |share| (0.0..=1.0).contains(&share), "a number from 0 to 1")
}

#[cfg(test)]
mod tests {
    use chassis::args::without_environment_name;
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(std::iter::once("bench").chain(arguments.split(' ')))
    }

    #[test]
    fn every_flag_has_an_environment_name() {
        Args::command().debug_assert();
        for command in Args::command().get_subcommands() {
            let unnamed = without_environment_name(command);
            assert!(unnamed.is_empty(), "{} has {unnamed:?}", command.get_name());
        }
    }

    #[test]
    fn a_load_has_a_rate_or_a_number_in_flight() {
        assert!(parse("load --api-url http://api --rate 50").is_ok());
        assert!(parse("load --api-url http://api --in-flight 8").is_ok());
        for wrong in [
            "",
            " --rate 50 --in-flight 8",
            " --rate 0",
            " --rate NaN",
            " --in-flight 0",
        ] {
            assert!(
                parse(&format!("load --api-url http://api{wrong}")).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_given_seed_wins() {
        let seed = |arguments: &str| match parse(arguments).unwrap().command {
            Command::Load(args) => args.load(7).seed,
            _ => unreachable!("it is a load"),
        };
        assert_eq!(seed("load --api-url http://api --rate 1"), 7);
        assert_eq!(seed("load --api-url http://api --rate 1 --seed 3"), 3);
    }
}
