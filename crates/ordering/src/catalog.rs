//! Products, as readers see them: a few seconds old at most, and older only where Postgres gives no answer.

use std::time::Duration;

use cache::{Cache, Versioned};
use domain::{Fingerprint, Product, Sku};
use jiff::Timestamp;
use storage::{ProductFilter, ProductPage, ProductPlace};
use tracing::debug;

use crate::{Ordering, Unavailable};

/// How old a product may be that is shown. Its stock changes with every order and raises no version, so what was read is versioned by
/// when it was read.
const FRESH: Duration = Duration::from_secs(2);

impl Ordering {
    /// At most `limit` products that fit, after the place `after`: with words those that fit them best first, else in SKU order.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn products(
        &self,
        filter: &ProductFilter,
        after: Option<&ProductPlace>,
        limit: u32,
        now: Timestamp,
    ) -> Result<ProductPage, Unavailable> {
        let key = format!("page:{limit}:{}", Fingerprint::of(&(filter, after)));
        let cache = if is_search(filter) {
            &self.searches
        } else {
            &self.catalog
        };
        let load = async { Ok(self.storage.products(filter, after, limit).await?) };
        page_at(cache, &key, now, load).await
    }

    /// One product.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn product(&self, sku: &Sku, now: Timestamp) -> Result<Option<Product>, Unavailable> {
        let key = format!("product:{sku}");
        let load = async {
            let products = self.storage.product(sku).await?.into_iter().collect();
            Ok(ProductPage { products, next: None })
        };
        Ok(page_at(&self.catalog, &key, now, load).await?.products.pop())
    }
}

/// Whether it is looked for by what anyone may make up, unlike what there are a few of in a shop.
fn is_search(filter: &ProductFilter) -> bool {
    filter.words.is_some() || filter.price_min.is_some() || filter.price_max.is_some()
}

async fn page_at(
    cache: &Cache<ProductPage>,
    key: &str,
    now: Timestamp,
    load: impl Future<Output = Result<ProductPage, Unavailable>> + Send,
) -> Result<ProductPage, Unavailable> {
    let read_at = milliseconds(now);
    let floor = milliseconds(now - FRESH);
    let load = async {
        Ok(Some(Versioned {
            version: read_at,
            value: load.await?,
        }))
    };
    match cache.get_or_load(key, floor, load).await {
        Ok(found) => Ok(found.map(|entry| entry.value).unwrap_or_default()),
        Err(error) => match cache.get_stale(key).await {
            Some(stale) => {
                metrics::counter!("catalog_stale_answers_total").increment(1);
                debug!(key, %error, "the catalog is shown as it was");
                Ok(stale.value)
            }
            None => Err(error),
        },
    }
}

fn milliseconds(at: Timestamp) -> u64 {
    at.as_millisecond().try_into().unwrap_or_default()
}
