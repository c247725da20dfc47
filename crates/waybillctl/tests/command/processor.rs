//! A processor with the real decisions, streams and tables, but without cache and events.

use std::collections::{BTreeSet, HashMap};

use chassis::clock;
use domain::decide::{Batch, decide, decide_product};
use domain::{OrderAction, Partition, Sku};
use messaging::commands::{read_catalog_command, read_order_command};
use messaging::{Attempts, Delivery, Handler, HandlerError, Messaging, Outcome, Worker};
use storage::{Storage, StorageError};
use tokio_util::sync::CancellationToken;

struct Counted(Storage);

impl Attempts for Counted {
    async fn raise(&self, stream: &str, sequence: u64) -> Result<u32, HandlerError> {
        self.0
            .raise_attempts(stream, sequence)
            .await
            .map_err(|error| failed(&error))
    }

    async fn forget(&self, stream: &str, sequence: u64) -> Result<(), HandlerError> {
        self.0
            .forget_attempts(stream, sequence)
            .await
            .map_err(|error| failed(&error))
    }
}

struct Processor(Storage);

impl Handler for Processor {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let mut outcomes = Vec::new();
        for delivery in batch {
            outcomes.push(match delivery.stream.as_str() {
                "CATALOG" => self.product(delivery).await.map_err(|error| failed(&error))?,
                _ => self.order(delivery).await.map_err(|error| failed(&error))?,
            });
        }
        Ok(outcomes)
    }
}

impl Processor {
    async fn product(&self, delivery: &Delivery) -> Result<Outcome, StorageError> {
        let Ok(command) = read_catalog_command(delivery) else {
            return Ok(unreadable());
        };
        let mut transaction = self.0.begin(&BTreeSet::new()).await?;
        if transaction.handled_product(command.id).await?.is_some() {
            return Ok(Outcome::Done);
        }
        let products = transaction
            .lock_products(&BTreeSet::from([command.sku.clone()]))
            .await?;
        let written = decide_product(products.get(&command.sku), &command, clock::now());
        transaction.write_product(&written).await?;
        transaction.commit().await?;
        Ok(Outcome::Done)
    }

    async fn order(&self, delivery: &Delivery) -> Result<Outcome, StorageError> {
        let Ok(command) = read_order_command(delivery) else {
            return Ok(unreadable());
        };
        let mut transaction = self.0.begin(&BTreeSet::from([command.order.partition()])).await?;
        let handled = transaction.handled(&[command.id]).await?;
        let orders = transaction.orders(&[command.order]).await?;
        let asked: Vec<Sku> = match &command.action {
            OrderAction::Submit(submit) => submit.lines.iter().map(|line| line.sku.clone()).collect(),
            _ => orders
                .values()
                .flat_map(|order| order.lines.iter().map(|line| line.sku.clone()))
                .collect(),
        };
        let customers: Vec<_> = orders.values().map(|order| order.customer).collect();
        let erased = transaction.erased(&customers).await?;
        let products: HashMap<_, _> = transaction.lock_products(&asked.into_iter().collect()).await?;
        let mut batch = Batch {
            orders,
            products,
            handled,
            erased,
            commands: vec![command],
        };
        let decisions = decide(&mut batch, clock::now());
        transaction.write(&decisions).await?;
        transaction.commit().await?;
        Ok(Outcome::Done)
    }
}

fn unreadable() -> Outcome {
    Outcome::Reject {
        reason: "undecodable",
        why: "the body is no command".into(),
    }
}

fn failed(error: &StorageError) -> HandlerError {
    HandlerError::Failed(error.to_string())
}

/// Starts it for the rest of the test.
pub(crate) fn start(messaging: &Messaging, storage: &Storage) {
    let partitions = Partition::all()
        .map(|partition| format!("order-processor-{partition}"))
        .collect();
    read(messaging, storage, "ORDERS", partitions);
    read(messaging, storage, "CATALOG", vec!["catalog".to_owned()]);
}

/// Reads `consumers` for the rest of the test.
pub(crate) fn read(messaging: &Messaging, storage: &Storage, stream: &str, consumers: Vec<String>) {
    let worker = Worker {
        messaging: messaging.clone(),
        stream: stream.into(),
        consumers,
        attempts: Counted(storage.clone()),
        max_batch: 1,
        concurrency: 1,
        isolates: false,
        max_attempts: 5,
    };
    let processor = Processor(storage.clone());
    tokio::spawn(async move { worker.run(processor, CancellationToken::new(), |_| ()).await });
}
