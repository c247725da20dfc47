//! Orders, at a pace of their own.

mod order;
mod pace;
mod progress;
mod report;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chassis::clock;
use tokio::time::Instant;

pub(crate) use order::is_settled;
pub use pace::Pace;
pub use progress::Progress;
pub use report::Report;

use crate::{Api, Guest, History, Latency, Shopping};
use report::Tally;

/// A load.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// How fast.
    pub pace: Pace,
    /// How many orders.
    pub orders: u64,
    /// How many guests they are spread over, at least one.
    pub guests: u32,
    /// Their numbers in the history begin here: loads that share one need guests of their own.
    pub first_guest: u32,
    /// Exponent of the products' demand.
    pub skew: f64,
    /// Makes the same orders again.
    pub seed: u64,
    /// How long after it was due an order is sent again while its outcome is unknown.
    pub retry_budget: Duration,
    /// Share of the accepted orders that are read until they are settled, and a while longer.
    pub follow: f64,
}

/// What every order of a load needs.
struct Run {
    load: Load,
    api: Api,
    guests: Vec<Guest>,
    shopping: Shopping,
    history: Arc<History>,
    progress: Progress,
    tally: Tally,
    latency: Latency,
    /// Keeps this run's keys apart from those of others.
    name: String,
}

impl Load {
    /// Sends the orders to `api` and waits until each is known or given up. `progress` can be watched meanwhile.
    ///
    /// # Errors
    /// Where the API gives no catalog or no guests to begin with.
    pub async fn run(&self, api: Api, history: Arc<History>, progress: Progress) -> Result<Report> {
        let mut guests = Vec::new();
        for _ in 0..self.guests.max(1) {
            guests.push(api.guest().await?);
        }
        let run = Arc::new(Run {
            shopping: Shopping::new(api.skus().await?, self.skew, self.seed)?,
            load: self.clone(),
            api,
            guests,
            history,
            progress,
            tally: Tally::default(),
            latency: Latency::new()?,
            name: clock::random_id().simple().to_string(),
        });
        let begun = Instant::now();
        let order = |number, due| order::place(Arc::clone(&run), number, due);
        self.pace.keep(self.orders, order).await?;
        Ok(Report::of(&run.tally, &run.latency, self, begun.elapsed()))
    }
}
