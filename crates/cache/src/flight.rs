//! Single flight: one load for all who wait for the same thing.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

type Outcome = Arc<dyn Any + Send + Sync>;
type Running = HashMap<String, watch::Receiver<Option<Outcome>>>;

/// The loads that are under way.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    running: Arc<Mutex<Running>>,
}

/// What one who comes has to do.
pub(crate) enum Role {
    /// Load, and land.
    Lead(Lead),
    /// Wait for the one who loads.
    Follow(Follow),
}

/// The one who loads. Dropped without landing, the followers try again themselves.
pub(crate) struct Lead {
    name: String,
    outcome: watch::Sender<Option<Outcome>>,
    running: Arc<Mutex<Running>>,
}

/// One who waits.
pub(crate) struct Follow {
    outcome: watch::Receiver<Option<Outcome>>,
}

impl Flights {
    pub(crate) fn join(&self, name: &str) -> Role {
        let mut running = lock(&self.running);
        if let Some(outcome) = running.get(name) {
            return Role::Follow(Follow {
                outcome: outcome.clone(),
            });
        }
        let (sender, receiver) = watch::channel(None);
        running.insert(name.to_owned(), receiver);
        Role::Lead(Lead {
            name: name.to_owned(),
            outcome: sender,
            running: Arc::clone(&self.running),
        })
    }
}

impl Lead {
    /// Gives the outcome to all who follow.
    pub(crate) fn land<T: Send + Sync + 'static>(self, outcome: T) {
        self.outcome.send_replace(Some(Arc::new(outcome)));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.name);
    }
}

impl Follow {
    /// What the leader brought; none where it gave up, or loads something of another type.
    pub(crate) async fn landed<T: Clone + Send + Sync + 'static>(mut self) -> Option<T> {
        let outcome = self.outcome.wait_for(Option::is_some).await.ok()?.clone()?;
        outcome.downcast_ref::<T>().cloned()
    }
}

fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}
