//! One command on a product.

use domain::decide::ProductWritten;
use domain::{CatalogEvent, CommandId, Product};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::Transaction;
use super::write::change_stock;
use crate::StorageError;
use crate::values::time;

/// Key of the advisory lock that commands on products take: an added product has no row yet to lock.
const CATALOG_LOCK: i32 = 2;

impl Transaction<'_> {
    /// What the catalog command `id` caused, where it was handled before: its event's JSON.
    /// Holds off other commands on products until the end of the transaction.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn handled_product(&mut self, id: CommandId) -> Result<Option<CatalogEvent>, StorageError> {
        let connection = &mut *self.inner;
        let event = self.storage.within(async {
            lock(connection).await?;
            Ok(sqlx::query_scalar!(
                r#"SELECT event AS "event: Json<CatalogEvent>" FROM catalog_commands WHERE command_id = $1"#,
                id.0,
            )
            .fetch_optional(connection)
            .await?)
        });
        Ok(event.await?.map(|event| event.0))
    }

    /// Writes what a command on a product decided, with its ledger row and event.
    ///
    /// # Errors
    /// [`StorageError::Exists`] where the command was handled before or its new product exists;
    /// [`StorageError::Failed`] where stock would go below zero, a version is not the next, or stock and document differ.
    pub async fn write_product(&mut self, written: &ProductWritten) -> Result<(), StorageError> {
        let connection = &mut *self.inner;
        let work = async {
            lock(connection).await?;
            note_command(connection, &written.event).await?;
            match &written.product {
                Some(product) if written.event.verb == "added" => insert_product(connection, product).await?,
                Some(product) => update_product(connection, product).await?,
                None => {}
            }
            change_stock(connection, &written.stock.iter().collect::<Vec<_>>()).await?;
            match &written.product {
                Some(product) => check_stock(connection, product).await,
                None => Ok(()),
            }
        };
        self.storage.within(Box::pin(work)).await
    }
}

async fn lock(connection: &mut PgConnection) -> Result<(), StorageError> {
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock($1, 0) AS "locked: ()""#,
        CATALOG_LOCK
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

async fn note_command(connection: &mut PgConnection, event: &CatalogEvent) -> Result<(), StorageError> {
    sqlx::query!(
        r#"INSERT INTO catalog_commands (command_id, sku, at, event) VALUES ($1, $2, $3, $4)"#,
        event.command.0,
        event.sku.as_str(),
        time(event.at) as _,
        Json(event) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stock is left alone: it changes by deltas only.
async fn update_product(connection: &mut PgConnection, product: &Product) -> Result<(), StorageError> {
    let updated = sqlx::query!(
        r#"UPDATE products SET version = $2, name = $3, description = $4, category = $5,
                               price_minor = $6, currency = $7, picture = $8
           WHERE sku = $1 AND (version = $2 OR version + 1 = $2)"#,
        product.sku.as_str(),
        i64::from(product.version.0),
        product.name.as_str(),
        product.description.as_str(),
        product.category.as_str(),
        product.price.minor,
        product.price.currency.as_str(),
        product.picture.as_ref().map(|picture| picture.as_str()),
    )
    .execute(connection)
    .await?
    .rows_affected();
    if updated == 1 {
        return Ok(());
    }
    Err(StorageError::Failed(format!(
        "{} is not stored at the version that its decision began with",
        product.sku
    )))
}

/// Without stock: what it begins with is its first change.
async fn insert_product(connection: &mut PgConnection, product: &Product) -> Result<(), StorageError> {
    sqlx::query!(
        r#"INSERT INTO products (sku, version, name, description, category, price_minor, currency, picture, available)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)"#,
        product.sku.as_str(),
        i64::from(product.version.0),
        product.name.as_str(),
        product.description.as_str(),
        product.category.as_str(),
        product.price.minor,
        product.price.currency.as_str(),
        product.picture.as_ref().map(|picture| picture.as_str()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn check_stock(connection: &mut PgConnection, product: &Product) -> Result<(), StorageError> {
    let available = sqlx::query_scalar!(
        r#"SELECT available FROM products WHERE sku = $1"#,
        product.sku.as_str()
    )
    .fetch_one(connection)
    .await?;
    if available == product.available {
        return Ok(());
    }
    Err(StorageError::Failed(format!(
        "{} was decided to have {} units and has {available}",
        product.sku, product.available
    )))
}
