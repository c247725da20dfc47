//! The processor's transaction: one batch of commands, all or nothing.

mod catalog;
mod write;

use std::collections::{BTreeSet, HashMap};

use domain::{CommandId, Order, OrderEvent, OrderId, Partition, Product, Sku};
use jiff::Timestamp;
use sqlx::Postgres;
use sqlx::types::Json;
use uuid::Uuid;

use crate::catalog::ProductRow;
use crate::values::time;
use crate::{Storage, StorageError};

/// First half of the key of the advisory locks of partitions.
const PARTITION_LOCKS: i32 = 1;

/// A transaction that holds the advisory locks of its partitions. Dropped without [`commit`](Self::commit) it leaves no trace.
#[derive(Debug)]
pub struct Transaction<'a> {
    pub(crate) storage: &'a Storage,
    pub(crate) inner: sqlx::Transaction<'static, Postgres>,
}

impl Storage {
    /// Begins a transaction and takes the advisory locks of `partitions` in ascending order.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn begin(&self, partitions: &BTreeSet<Partition>) -> Result<Transaction<'_>, StorageError> {
        let ascending: Vec<i32> = partitions
            .iter()
            .map(|partition| partition.number().into())
            .collect();
        let begun = self.within(async {
            let mut inner = self.pool.begin().await?;
            sqlx::query!(
                r#"SELECT pg_advisory_xact_lock($1, p) AS "locked: ()" FROM unnest($2::integer[]) AS p"#,
                PARTITION_LOCKS,
                &ascending,
            )
            .fetch_all(&mut *inner)
            .await?;
            Ok(inner)
        });
        Ok(Transaction {
            storage: self,
            inner: Box::pin(begun).await?,
        })
    }
}

impl Transaction<'_> {
    /// The stored orders among `ids`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn orders(&mut self, ids: &[OrderId]) -> Result<HashMap<OrderId, Order>, StorageError> {
        let ids = uuids(ids.iter().map(|id| id.0));
        let rows = self.storage.within(async {
            Ok(sqlx::query!(
                r#"SELECT id, document AS "document: Json<Order>" FROM orders WHERE id = ANY($1)"#,
                &ids,
            )
            .fetch_all(&mut *self.inner)
            .await?)
        });
        Ok(rows
            .await?
            .into_iter()
            .map(|row| (OrderId(row.id), row.document.0))
            .collect())
    }

    /// The commands among `ids` that were handled before, each with its events, oldest first (from the history rows).
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn handled(
        &mut self,
        ids: &[CommandId],
    ) -> Result<HashMap<CommandId, Vec<OrderEvent>>, StorageError> {
        let ids = uuids(ids.iter().map(|id| id.0));
        let rows = self.storage.within(async {
            Ok(sqlx::query!(
                r#"SELECT command_id, event AS "event: Json<OrderEvent>" FROM order_history
                   WHERE command_id = ANY($1) ORDER BY order_id, version"#,
                &ids,
            )
            .fetch_all(&mut *self.inner)
            .await?)
        });
        let mut handled: HashMap<CommandId, Vec<OrderEvent>> = HashMap::new();
        for row in rows.await? {
            handled
                .entry(CommandId(row.command_id))
                .or_default()
                .push(row.event.0);
        }
        Ok(handled)
    }

    /// The events of `orders` decided at `since` or later, each order's oldest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn events_since(
        &mut self,
        orders: &[OrderId],
        since: Timestamp,
    ) -> Result<Vec<OrderEvent>, StorageError> {
        let ids = uuids(orders.iter().map(|id| id.0));
        let rows = self.storage.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT event AS "event: Json<OrderEvent>" FROM order_history
                   WHERE order_id = ANY($1) AND at >= $2 ORDER BY order_id, version"#,
                &ids,
                time(since) as _,
            )
            .fetch_all(&mut *self.inner)
            .await?)
        });
        Ok(rows.await?.into_iter().map(|event| event.0).collect())
    }

    /// The products among `skus`, locked in SKU order.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn lock_products(
        &mut self,
        skus: &BTreeSet<Sku>,
    ) -> Result<HashMap<Sku, Product>, StorageError> {
        let skus: Vec<String> = skus.iter().map(Sku::to_string).collect();
        let rows = self.storage.within(async {
            Ok(sqlx::query_as!(
                ProductRow,
                r#"SELECT sku, version, name, description, category, price_minor, currency, available, picture
                   FROM products WHERE sku = ANY($1) ORDER BY sku FOR NO KEY UPDATE"#,
                &skus,
            )
            .fetch_all(&mut *self.inner)
            .await?)
        });
        let products = rows.await?.into_iter().map(Product::try_from);
        products
            .map(|product| product.map(|product| (product.sku.clone(), product)))
            .collect()
    }

    /// Commits.
    ///
    /// # Errors
    /// [`StorageError`]; after [`StorageError::Unavailable`] it may have been committed or not.
    pub async fn commit(self) -> Result<(), StorageError> {
        self.storage
            .within(async { Ok(self.inner.commit().await?) })
            .await
    }
}

pub(crate) fn uuids(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    ids.collect()
}
