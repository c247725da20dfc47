//! Everything that the promises are about, in one consistent look: for checkers, never for requests.

use std::collections::HashMap;

use domain::{CommandId, Customer, Line, Money, Order, OrderEvent, OrderId, OrderState, Sku, Version};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::history::{Slice, history};
use crate::values::{read, version};
use crate::{Storage, StorageError};

/// What the database holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Every order, in the order of its id.
    pub orders: Vec<AuditedOrder>,
    /// Every history row, by order and version.
    pub history: Vec<AuditedStep>,
    /// Every product, in SKU order.
    pub products: Vec<AuditedProduct>,
}

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedOrder {
    /// Its id.
    pub id: OrderId,
    /// Its version by the row.
    pub version: Version,
    /// Its state by the row.
    pub state: OrderState,
    /// Its owner by the row.
    pub customer: Customer,
    /// Its total by the document.
    pub total: Option<Money>,
    /// Its lines by the document.
    pub lines: Vec<Line>,
    /// Whether row and document say the same.
    pub consistent: bool,
}

/// A row of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedStep {
    /// Which order.
    pub order: OrderId,
    /// The version it made.
    pub version: Version,
    /// The command that caused it.
    pub command: CommandId,
    /// What it told.
    pub event: OrderEvent,
}

/// A product and its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedProduct {
    /// Which.
    pub sku: Sku,
    /// Units that can be sold.
    pub available: i64,
    /// What one costs now.
    pub price_minor: i64,
    /// Sum of the ledger: must equal `available`.
    pub ledger: i64,
    /// Units put in by staff.
    pub put_in: i64,
    /// Units that orders hold: taken less given back.
    pub sold: i64,
}

impl Storage {
    /// Reads everything, in one snapshot. Not limited in time or size.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn audit(&self) -> Result<Audit, StorageError> {
        let mut transaction = self.unhurried().await?;
        Ok(Audit {
            orders: orders(&mut transaction).await?,
            history: history(&mut transaction, &Slice::default()).await?,
            products: products(&mut transaction).await?,
        })
    }

    /// Every order's owner, version and state: to wait until all are settled. Cheaper than [`audit`](Self::audit).
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn states(&self) -> Result<HashMap<OrderId, (Version, OrderState)>, StorageError> {
        let rows = sqlx::query!(r#"SELECT id, version, state FROM orders"#)
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok((
                    OrderId(row.id),
                    (version(row.version)?, read("state", &row.state)?),
                ))
            })
            .collect()
    }
}

async fn orders(connection: &mut PgConnection) -> Result<Vec<AuditedOrder>, StorageError> {
    let rows = sqlx::query!(
        r#"SELECT id, version, state, customer, document AS "document: Json<Order>" FROM orders ORDER BY id"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (id, document) = (OrderId(row.id), row.document.0);
            let (version, state) = (version(row.version)?, read("state", &row.state)?);
            let customer = read("customer", &row.customer)?;
            let consistent = (document.id, document.version, document.state, document.customer)
                == (id, version, state, customer)
                && document.history.len() == version.0 as usize;
            Ok(AuditedOrder {
                id,
                version,
                state,
                customer,
                total: document.total,
                lines: document.lines,
                consistent,
            })
        })
        .collect()
}

async fn products(connection: &mut PgConnection) -> Result<Vec<AuditedProduct>, StorageError> {
    let rows = sqlx::query!(
        r#"SELECT p.sku, p.available, p.price_minor,
                  coalesce(sum(l.delta), 0)::bigint AS "ledger!",
                  coalesce(sum(l.delta) FILTER (WHERE l.order_id IS NULL), 0)::bigint AS "put_in!",
                  coalesce(-sum(l.delta) FILTER (WHERE l.order_id IS NOT NULL), 0)::bigint AS "sold!"
           FROM products AS p LEFT JOIN stock_ledger AS l ON l.sku = p.sku
           GROUP BY p.sku ORDER BY p.sku"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AuditedProduct {
                sku: read("SKU", &row.sku)?,
                available: row.available,
                price_minor: row.price_minor,
                ledger: row.ledger,
                put_in: row.put_in,
                sold: row.sold,
            })
        })
        .collect()
}
