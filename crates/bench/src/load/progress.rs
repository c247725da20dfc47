//! How far a load has come.

use tokio::sync::watch;

/// Counts the orders that were begun. Cheap to clone: all clones count together.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    begun: watch::Sender<u64>,
}

impl Progress {
    /// How many orders were begun.
    pub fn begun(&self) -> u64 {
        *self.begun.borrow()
    }

    /// Waits until so many were begun.
    pub async fn reached(&self, orders: u64) {
        // The sender lives in this value, so the wait ends only with the count.
        let _ = self.begun.subscribe().wait_for(|begun| *begun >= orders).await;
    }

    pub(super) fn begin(&self) {
        self.begun.send_modify(|begun| *begun += 1);
    }
}
