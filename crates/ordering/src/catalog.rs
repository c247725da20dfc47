//! Products, as readers see them: a few seconds old at most, and older only where Postgres gives no answer.

use std::time::Duration;

use cache::Versioned;
use domain::{Product, Sku};
use jiff::Timestamp;
use tracing::debug;

use crate::{Ordering, Unavailable};

/// How old a product may be that is shown. Its stock changes with every order and raises no version, so what was read is versioned by
/// when it was read.
const FRESH: Duration = Duration::from_secs(2);

impl Ordering {
    /// At most `limit` products in SKU order after `after`; of one category where given.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn products(
        &self,
        category: Option<&str>,
        after: Option<&Sku>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Product>, Unavailable> {
        let after_sku = after.map_or("", Sku::as_str);
        let key = format!("list:{limit}:{after_sku}:{}", category.unwrap_or_default());
        self.products_at(&key, now, async {
            Ok(self.storage.products(category, after, limit).await?)
        })
        .await
    }

    /// One product.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn product(&self, sku: &Sku, now: Timestamp) -> Result<Option<Product>, Unavailable> {
        let key = format!("one:{sku}");
        let load = async { Ok(self.storage.product(sku).await?.into_iter().collect()) };
        Ok(self.products_at(&key, now, load).await?.pop())
    }

    async fn products_at(
        &self,
        key: &str,
        now: Timestamp,
        load: impl Future<Output = Result<Vec<Product>, Unavailable>> + Send,
    ) -> Result<Vec<Product>, Unavailable> {
        let read_at = milliseconds(now);
        let floor = milliseconds(now - FRESH);
        let load = async {
            Ok(Some(Versioned {
                version: read_at,
                value: load.await?,
            }))
        };
        match self.catalog.get_or_load(key, floor, load).await {
            Ok(found) => Ok(found.map(|entry| entry.value).unwrap_or_default()),
            Err(error) => match self.catalog.get_stale(key).await {
                Some(stale) => {
                    metrics::counter!("catalog_stale_answers_total").increment(1);
                    debug!(key, %error, "the catalog is shown as it was");
                    Ok(stale.value)
                }
                None => Err(error),
            },
        }
    }
}

fn milliseconds(at: Timestamp) -> u64 {
    at.as_millisecond().try_into().unwrap_or_default()
}
