//! Commands on products, one at a time, each in a transaction of its own.

use std::collections::BTreeSet;

use chassis::clock;
use domain::decide::decide_product;
use domain::{CatalogCommand, CatalogEvent};
use messaging::commands::read_catalog_command;
use messaging::{Delivery, Handler, HandlerError, Messaging, Outcome};
use storage::{Storage, StorageError};

use crate::announce::publish_product;
use crate::attempts::stored;
use crate::reading::unread;

/// Handles commands on products.
#[derive(Debug)]
pub(crate) struct CatalogHandler {
    pub(crate) storage: Storage,
    pub(crate) messaging: Messaging,
}

impl Handler for CatalogHandler {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for delivery in batch {
            outcomes.push(self.handle_one(delivery).await?);
        }
        Ok(outcomes)
    }
}

impl CatalogHandler {
    async fn handle_one(&self, delivery: &Delivery) -> Result<Outcome, HandlerError> {
        let command = match read_catalog_command(delivery) {
            Ok(command) => command,
            Err(unreadable) => return Ok(unread(delivery, unreadable)),
        };
        let event = self.store(&command).await.map_err(|error| stored(&error))?;
        publish_product(&event, delivery, &self.messaging).await?;
        Ok(Outcome::Done)
    }

    /// What the command caused, now or, being a redelivery, before.
    async fn store(&self, command: &CatalogCommand) -> Result<CatalogEvent, StorageError> {
        let mut transaction = self.storage.begin(&BTreeSet::new()).await?;
        // The product's lock comes first, so that two replicas with one command do not both find it unhandled.
        let mut products = transaction
            .lock_products(&BTreeSet::from([command.sku.clone()]))
            .await?;
        if let Some(event) = transaction.handled_product(command.id).await? {
            return Ok(event);
        }
        let product = products.remove(&command.sku);
        let written = decide_product(product.as_ref(), command, clock::now());
        transaction.write_product(&written).await?;
        transaction.commit().await?;
        tracing::info!(sku = %command.sku, verb = written.event.verb, by = %command.actor, "catalog command handled");
        metrics::counter!("catalog_commands_total", "verb" => written.event.verb.clone()).increment(1);
        Ok(written.event)
    }
}
