//! The catalog as readers see it.

mod list;

use domain::{CatalogEvent, CommandId, Money, Product, Sku};
use sqlx::types::Json;

pub use list::{ProductFilter, ProductPage, ProductPlace};

use crate::values::{read, version};
use crate::{Storage, StorageError};

/// A row of `products`.
pub(crate) struct ProductRow {
    pub(crate) sku: String,
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) category: String,
    pub(crate) price_minor: i64,
    pub(crate) currency: String,
    pub(crate) available: i64,
    pub(crate) picture: Option<String>,
}

impl TryFrom<ProductRow> for Product {
    type Error = StorageError;

    fn try_from(row: ProductRow) -> Result<Self, StorageError> {
        Ok(Self {
            sku: read("SKU", &row.sku)?,
            version: version(row.version)?,
            name: read("product name", &row.name)?,
            description: read("description", &row.description)?,
            category: read("category", &row.category)?,
            price: Money::new(row.price_minor, read("currency", &row.currency)?),
            available: row.available,
            picture: row.picture.map(|picture| read("picture", &picture)).transpose()?,
        })
    }
}

impl Storage {
    /// One product.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn product(&self, sku: &Sku) -> Result<Option<Product>, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                ProductRow,
                r#"SELECT sku, version, name, description, category, price_minor, currency, available, picture
                   FROM products WHERE sku = $1"#,
                sku.as_str(),
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        row.await?.map(Product::try_from).transpose()
    }

    /// What the catalog commands among `ids` caused: one event for each that was handled.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn catalog_events(&self, ids: &[CommandId]) -> Result<Vec<CatalogEvent>, StorageError> {
        let ids = crate::batch::uuids(ids.iter().map(|id| id.0));
        let events = self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT event AS "event: Json<CatalogEvent>" FROM catalog_commands
                   WHERE command_id = ANY($1) ORDER BY at, command_id"#,
                &ids,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        Ok(events.await?.into_iter().map(|event| event.0).collect())
    }
}
