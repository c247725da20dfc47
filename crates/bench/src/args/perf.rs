//! What measuring needs to know.

use std::path::PathBuf;

use devstack::servers::nats::Flush;

/// `bench perf`
#[derive(Debug, clap::Args)]
pub struct PerfArgs {
    /// Which figures; all when not given. `push` is P7.
    #[arg(value_name = "FIGURE", env = "PERF_FIGURES", value_delimiter = ',', value_parser = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P10", "push"])]
    pub figures: Vec<String>,

    /// How often each is measured; the median counts.
    #[arg(long, env = "PERF_ROUNDS", value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// How many orders are accepted and then decided.
    #[arg(long, env = "PERF_ORDERS", value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1_000..=900_000))]
    pub orders: u64,

    /// How many orders are on their way at once. At most what a front door takes.
    #[arg(long, env = "PERF_IN_FLIGHT", value_name = "N", default_value_t = 128)]
    pub in_flight: usize,

    /// How often an order is read.
    #[arg(long, env = "PERF_READS", value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub reads: u64,

    /// How many follow one order. Each takes a file here and one at the front door.
    #[arg(long, env = "PERF_FOLLOWERS", value_name = "N", default_value_t = 9_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub followers: u32,

    /// How many devices are told at once.
    #[arg(long, env = "PERF_DEVICES", value_name = "N", default_value_t = 100_000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1_000..=240_000))]
    pub devices: usize,

    /// Let the broker flush late, as it does by default: to compare with, not to run so.
    #[arg(long, env = "PERF_FLUSH_LATE")]
    pub flush_late: bool,

    /// The folder that the results go into as JSON. Nowhere when not given.
    #[arg(long, env = "PERF_OUT", value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

impl PerfArgs {
    /// How the broker flushes.
    pub fn flush(&self) -> Flush {
        if self.flush_late {
            Flush::Late
        } else {
            Flush::Always
        }
    }

    /// Whether one of these figures is asked for.
    pub fn wants(&self, names: &[&str]) -> bool {
        self.figures.is_empty() || self.figures.iter().any(|figure| names.contains(&of(figure)))
    }
}

/// The figure of a word.
fn of(word: &str) -> &str {
    if word == "push" { "P7" } else { word }
}

/// `bench constant`
#[derive(Debug, clap::Args)]
pub struct ConstantArgs {
    /// Where.
    #[arg(long, env = "CONSTANT_LISTEN", value_name = "HOST:PORT")]
    pub listen: std::net::SocketAddr,

    /// How many bytes.
    #[arg(long, env = "CONSTANT_SIZE", value_name = "N")]
    pub size: usize,
}

/// `bench wishes`
#[derive(Debug, clap::Args)]
pub struct WishesArgs {
    /// How many wishes there are, one line for each.
    #[arg(long, env = "WISHES_SIZES", value_name = "N", value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000], value_parser = clap::value_parser!(u64).range(100..))]
    pub sizes: Vec<u64>,

    /// How many events are looked up at each.
    #[arg(long, env = "WISHES_EVENTS", value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub events: u64,
}
