//! The history piece by piece, for whoever compares it with something else: never for requests.

use domain::{CatalogEvent, CommandId, OrderEvent, OrderId};
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};

use crate::audit::AuditedStep;
use crate::values::version;
use crate::{Storage, StorageError};

/// Some orders, by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slice {
    /// Those above this one; from the first where there is none.
    pub after: Option<OrderId>,
    /// This one and those below it; to the last where there is none.
    pub through: Option<OrderId>,
}

impl Slice {
    /// Whether `order` is among them.
    pub fn has(&self, order: OrderId) -> bool {
        self.after.is_none_or(|after| order > after) && self.through.is_none_or(|through| order <= through)
    }
}

impl Storage {
    /// The next `orders` above `after`, at least one; without an end where there are no more.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn slice_after(&self, after: Option<OrderId>, orders: u32) -> Result<Slice, StorageError> {
        let mut transaction = self.unhurried().await?;
        let ids = sqlx::query_scalar!(
            r#"SELECT id FROM orders WHERE id > $1 ORDER BY id OFFSET $2 LIMIT 2"#,
            after.map_or(Uuid::nil(), |after| after.0),
            i64::from(orders.max(1)) - 1,
        )
        .fetch_all(&mut *transaction)
        .await?;
        Ok(Slice {
            after,
            through: match ids.as_slice() {
                [last, _more] => Some(OrderId(*last)),
                _ => None,
            },
        })
    }

    /// Every history row of `slice`, by order and version.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn history_of(&self, slice: &Slice) -> Result<Vec<AuditedStep>, StorageError> {
        let mut transaction = self.unhurried().await?;
        history(&mut transaction, slice).await
    }

    /// What every handled command on a product told, by product and time.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn catalog_history(&self) -> Result<Vec<CatalogEvent>, StorageError> {
        let mut transaction = self.unhurried().await?;
        let events = sqlx::query_scalar!(
            r#"SELECT event AS "event: Json<CatalogEvent>" FROM catalog_commands ORDER BY sku, at, command_id"#
        )
        .fetch_all(&mut *transaction)
        .await?;
        Ok(events.into_iter().map(|event| event.0).collect())
    }

    /// A transaction that only reads, of one snapshot, whose statements may take as long as they need.
    pub(crate) async fn unhurried(&self) -> Result<sqlx::Transaction<'_, sqlx::Postgres>, StorageError> {
        let mut transaction = self
            .pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        sqlx::query!(r#"SET LOCAL statement_timeout = 0"#)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }
}

pub(crate) async fn history(
    connection: &mut PgConnection,
    slice: &Slice,
) -> Result<Vec<AuditedStep>, StorageError> {
    let rows = sqlx::query!(
        r#"SELECT order_id, version, command_id, event AS "event: Json<OrderEvent>"
               FROM order_history WHERE order_id > $1 AND order_id <= $2 ORDER BY order_id, version"#,
        slice.after.map_or(Uuid::nil(), |after| after.0),
        slice.through.map_or(Uuid::max(), |through| through.0),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AuditedStep {
                order: OrderId(row.order_id),
                version: version(row.version)?,
                command: CommandId(row.command_id),
                event: row.event.0,
            })
        })
        .collect()
}
