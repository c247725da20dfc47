//! The processor's part, as small as it can be: decides each command, stores, tells, acknowledges.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeSet, HashMap};

use domain::decide::{Batch, Verdict, decide};
use domain::{OrderCommand, Sku};
use jiff::Timestamp;
use messaging::commands::read_order_command;
use messaging::events::order_event_message;
use messaging::{Attempts, Delivery, Handler, HandlerError, Messaging, Outcome, Worker};
use storage::{Storage, Transaction};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::shop::skus;

/// What becomes of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// They are decided.
    Decides,
    /// They become dead letters.
    Rejects,
}

#[derive(Debug)]
struct Processor {
    messaging: Messaging,
    storage: Storage,
    manner: Manner,
}

/// Works until what it gives is dropped.
pub(crate) fn start(messaging: &Messaging, storage: &Storage, manner: Manner) -> DropGuard {
    let stop = CancellationToken::new();
    let worker = Worker {
        messaging: messaging.clone(),
        stream: "ORDERS".to_owned(),
        consumers: (0..8)
            .map(|number| format!("order-processor-p{number:02}"))
            .collect(),
        attempts: Uncounted,
        max_batch: 16,
        concurrency: 1,
        isolates: false,
        max_attempts: 5,
    };
    let processor = Processor {
        messaging: messaging.clone(),
        storage: storage.clone(),
        manner,
    };
    let token = stop.clone();
    tokio::spawn(async move { worker.run(processor, token, |_| {}).await.unwrap() });
    stop.drop_guard()
}

impl Handler for Processor {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        if self.manner == Manner::Rejects {
            let outcome = Outcome::Reject {
                reason: "undecodable",
                why: "a test wants it so".to_owned(),
            };
            return Ok(vec![outcome; batch.len()]);
        }
        let mut outcomes = Vec::new();
        for delivery in batch {
            outcomes.push(self.one(read_order_command(delivery).unwrap()).await);
        }
        Ok(outcomes)
    }
}

impl Processor {
    async fn one(&self, command: OrderCommand) -> Outcome {
        let mut transaction = self
            .storage
            .begin(&BTreeSet::from([command.order.partition()]))
            .await
            .unwrap();
        let now = command.at;
        let mut batch = load(&mut transaction, command).await;
        let decisions = decide(&mut batch, now);
        transaction.write(&decisions).await.unwrap();
        transaction.commit().await.unwrap();
        match decisions.verdicts.into_iter().next().unwrap() {
            Verdict::Effective(events) => {
                for event in events {
                    self.messaging
                        .publish(&order_event_message(&event, "test"))
                        .await
                        .unwrap();
                }
                Outcome::Done
            }
            Verdict::Impossible { reason, why } => Outcome::Reject { reason, why },
            Verdict::Early => Outcome::Retry {
                after: None,
                why: "early".to_owned(),
            },
        }
    }
}

async fn load(transaction: &mut Transaction<'_>, command: OrderCommand) -> Batch {
    let all: BTreeSet<Sku> = skus().into_iter().collect();
    Batch {
        orders: transaction.orders(&[command.order]).await.unwrap(),
        handled: transaction.handled(&[command.id]).await.unwrap(),
        products: transaction.lock_products(&all).await.unwrap(),
        commands: vec![command],
        ..Batch::default()
    }
}

/// Nothing here is tried more than once.
#[derive(Debug)]
struct Uncounted;

impl Attempts for Uncounted {
    async fn raise(&self, _stream: &str, _sequence: u64) -> Result<u32, HandlerError> {
        Ok(1)
    }

    async fn forget(&self, _stream: &str, _sequence: u64) -> Result<(), HandlerError> {
        Ok(())
    }
}

/// The time in these tests: they need an order of times, not the hour.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// So many messages lie in the dead letters.
pub(crate) async fn letters(messaging: &Messaging) -> u64 {
    let queues: HashMap<_, _> = messaging
        .queues()
        .await
        .unwrap()
        .into_iter()
        .map(|queue| (queue.stream, queue.pending))
        .collect();
    queues.get("DEAD_LETTERS").copied().unwrap()
}
