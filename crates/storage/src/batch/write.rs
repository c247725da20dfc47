//! What a batch decided, written by `UNNEST`: one statement per table, however many orders.

use domain::decide::{Decisions, HistoryRow, StockChange, Written};
use domain::{Order, OrderEvent, Version};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::Transaction;
use crate::StorageError;
use crate::values::time;

impl Transaction<'_> {
    /// Writes documents, history, stock (conditionally) and ledger of `decisions`, by `UNNEST`.
    ///
    /// # Errors
    /// [`StorageError::Exists`] where a new order's id exists; [`StorageError::Failed`] where stock would go below zero or a version is not the next.
    pub async fn write(&mut self, decisions: &Decisions) -> Result<(), StorageError> {
        let connection = &mut *self.inner;
        let work = async {
            for written in &decisions.written {
                check_versions(written)?;
            }
            let (new, old): (Vec<&Written>, Vec<&Written>) =
                decisions.written.iter().partition(|written| written.new);
            insert_orders(connection, &new).await?;
            update_orders(connection, &old).await?;
            append_history(connection, &decisions.written).await?;
            let changes: Vec<&StockChange> = decisions
                .written
                .iter()
                .flat_map(|written| &written.stock)
                .collect();
            change_stock(connection, &changes).await
        };
        self.storage.within(Box::pin(work)).await
    }
}

/// The version that stood before the batch.
fn previous(written: &Written) -> i64 {
    i64::from(written.order.version.0) - written.history.len() as i64
}

/// History must lead, step by step, from what was stored (nothing, where the order is new) to the document.
fn check_versions(written: &Written) -> Result<(), StorageError> {
    let before = previous(written);
    let mut expected = before;
    let steps = written.history.iter().all(|row| {
        expected += 1;
        i64::from(row.entry.version.0) == expected && row.event.version == row.entry.version
    });
    if steps && (before == 0) == written.new && before >= 0 {
        return Ok(());
    }
    Err(StorageError::Failed(format!(
        "order {} has version {} with {} new history entries that do not lead to it",
        written.order.id,
        written.order.version,
        written.history.len()
    )))
}

async fn insert_orders(connection: &mut PgConnection, new: &[&Written]) -> Result<(), StorageError> {
    if new.is_empty() {
        return Ok(());
    }
    let rows = OrderColumns::of(new);
    sqlx::query!(
        r#"INSERT INTO orders (id, customer, state, version, fingerprint, submitted_at, updated_at, document)
           SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[],
                                $6::timestamptz[], $7::timestamptz[], $8::jsonb[])"#,
        &rows.ids,
        &rows.customers,
        &rows.states,
        &rows.versions,
        &rows.fingerprints,
        rows.submitted_at as _,
        rows.updated_at as _,
        rows.documents as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn update_orders(connection: &mut PgConnection, old: &[&Written]) -> Result<(), StorageError> {
    if old.is_empty() {
        return Ok(());
    }
    let rows = OrderColumns::of(old);
    let previous: Vec<i64> = old.iter().map(|written| previous(written)).collect();
    let updated = sqlx::query!(
        r#"UPDATE orders SET state = u.state, version = u.version, fingerprint = u.fingerprint,
                  updated_at = u.updated_at, document = u.document
           FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[], $7::jsonb[])
                AS u (id, state, version, previous, fingerprint, updated_at, document)
           WHERE orders.id = u.id AND orders.version = u.previous"#,
        &rows.ids,
        &rows.states,
        &rows.versions,
        &previous,
        &rows.fingerprints,
        rows.updated_at as _,
        rows.documents as _,
    )
    .execute(connection)
    .await?
    .rows_affected();
    if updated == old.len() as u64 {
        return Ok(());
    }
    Err(StorageError::Failed(format!(
        "{} of {} orders are not stored at the version that their decision began with",
        old.len() as u64 - updated,
        old.len()
    )))
}

/// The columns of `orders`, one vector each.
struct OrderColumns<'a> {
    ids: Vec<Uuid>,
    customers: Vec<String>,
    states: Vec<String>,
    versions: Vec<i64>,
    fingerprints: Vec<String>,
    submitted_at: Vec<jiff_sqlx::Timestamp>,
    updated_at: Vec<jiff_sqlx::Timestamp>,
    documents: Vec<Json<&'a Order>>,
}

impl<'a> OrderColumns<'a> {
    fn of(written: &[&'a Written]) -> Self {
        let orders = || written.iter().map(|written| &written.order);
        Self {
            ids: orders().map(|order| order.id.0).collect(),
            customers: orders().map(|order| order.customer.to_string()).collect(),
            states: orders().map(|order| order.state.to_string()).collect(),
            versions: orders().map(|order| order.version.0.into()).collect(),
            fingerprints: orders().map(|order| order.fingerprint.to_string()).collect(),
            submitted_at: orders().map(|order| time(order.submitted_at)).collect(),
            updated_at: orders().map(|order| time(order.updated_at)).collect(),
            documents: orders().map(Json).collect(),
        }
    }
}

async fn append_history(connection: &mut PgConnection, written: &[Written]) -> Result<(), StorageError> {
    let rows = || {
        written
            .iter()
            .flat_map(|written| written.history.iter().map(move |row| (written.order.id, row)))
    };
    let orders: Vec<Uuid> = rows().map(|(order, _)| order.0).collect();
    if orders.is_empty() {
        return Ok(());
    }
    let column =
        |of: fn(&HistoryRow) -> Version| -> Vec<i64> { rows().map(|(_, row)| of(row).0.into()).collect() };
    let commands: Vec<Uuid> = rows().map(|(_, row)| row.entry.command.0).collect();
    let states: Vec<String> = rows().map(|(_, row)| row.entry.state.to_string()).collect();
    let times: Vec<jiff_sqlx::Timestamp> = rows().map(|(_, row)| time(row.entry.at)).collect();
    let entries: Vec<_> = rows().map(|(_, row)| Json(&row.entry)).collect();
    let events: Vec<Json<&OrderEvent>> = rows().map(|(_, row)| Json(&row.event)).collect();
    sqlx::query!(
        r#"INSERT INTO order_history (order_id, version, command_id, state, at, entry, event)
           SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[], $6::jsonb[], $7::jsonb[])"#,
        &orders,
        &column(|row| row.entry.version),
        &commands,
        &states,
        times as _,
        entries as _,
        events as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Applies `changes` to the stock and writes them to the ledger. Stock below zero fails.
pub(super) async fn change_stock(
    connection: &mut PgConnection,
    changes: &[&StockChange],
) -> Result<(), StorageError> {
    if changes.is_empty() {
        return Ok(());
    }
    let commands: Vec<Uuid> = changes.iter().map(|change| change.command.0).collect();
    let skus: Vec<String> = changes.iter().map(|change| change.sku.to_string()).collect();
    let deltas: Vec<i64> = changes.iter().map(|change| change.delta).collect();
    let orders: Vec<Option<Uuid>> = changes
        .iter()
        .map(|change| change.order.map(|order| order.0))
        .collect();
    let short = sqlx::query_scalar!(
        r#"WITH change AS (
               SELECT sku, sum(delta)::bigint AS delta FROM unnest($1::text[], $2::bigint[]) AS u (sku, delta) GROUP BY sku
           ), changed AS (
               UPDATE products SET available = available + change.delta FROM change
               WHERE products.sku = change.sku AND products.available + change.delta >= 0
               RETURNING products.sku
           )
           SELECT sku AS "sku!" FROM change EXCEPT SELECT sku FROM changed"#,
        &skus,
        &deltas,
    )
    .fetch_all(&mut *connection)
    .await?;
    if !short.is_empty() {
        return Err(StorageError::Failed(format!(
            "too little stock, or no such product: {}",
            short.join(", ")
        )));
    }
    sqlx::query!(
        r#"INSERT INTO stock_ledger (command_id, sku, delta, order_id)
           SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[])"#,
        &commands,
        &skus,
        &deltas,
        &orders as &[Option<Uuid>],
    )
    .execute(connection)
    .await?;
    Ok(())
}
