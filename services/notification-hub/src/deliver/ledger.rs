//! The ledger as a sender uses it: many pushes share a round trip.

use chassis::clock;
use messaging::HandlerError;
use storage::{Due, Settled, Storage, Wanted};

use crate::notification::Notification;
use crate::together::Together;
use crate::unavailable;

/// What is read before a push is sent, and written after it.
#[derive(Debug)]
pub(super) struct Ledger {
    due: Together<Wanted, Option<Due>>,
    settled: Together<Settled, ()>,
}

impl Ledger {
    pub(super) fn new(storage: &Storage) -> Self {
        let (reading, writing) = (storage.clone(), storage.clone());
        Self {
            due: Together::new(move |wanted: Vec<Wanted>| {
                let storage = reading.clone();
                async move {
                    let due = storage.due_deliveries(&wanted, clock::now()).await;
                    due.map_err(unavailable)
                }
            }),
            settled: Together::new(move |settled: Vec<Settled>| {
                let storage = writing.clone();
                async move {
                    storage.settle_deliveries(&settled).await.map_err(unavailable)?;
                    Ok(vec![(); settled.len()])
                }
            }),
        }
    }

    /// How the push stands; `None` where the ledger has no row of it.
    pub(super) async fn due(&self, notification: &Notification) -> Result<Option<Due>, HandlerError> {
        let wanted = Wanted {
            event_at: notification.what.at(),
            delivery: notification.delivery,
            customer: notification.what.customer(),
        };
        self.due.ask(wanted).await
    }

    /// Notes the outcome of an attempt.
    pub(super) async fn settle(&self, settled: Settled) -> Result<(), HandlerError> {
        self.settled.ask(settled).await
    }
}
