//! A guest and a ready-made order, to try what was started.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A guest's token and one line for the shell that orders with it.
pub(super) struct Demo {
    pub(super) token: String,
    pub(super) curl: String,
}

/// Asks the REST API for a guest and a product.
pub(super) async fn make(api: &str) -> Result<Demo> {
    let http = reqwest::Client::new();
    let guest: Value = http
        .post(format!("{api}/v1/guest-sessions"))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let token = guest
        .get("token")
        .and_then(Value::as_str)
        .context("no token in the answer")?
        .to_owned();
    let products: Value = http
        .get(format!("{api}/v1/products"))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let sku = first_sku(&products).context("the catalog is empty")?;
    let order = json!({
        "lines": [{ "sku": sku, "quantity": 1 }],
        "contact": { "name": "Ada Guest", "email": "ada@example.org" },
        "shipping_address": { "street": "1 Main Street", "city": "Berlin", "postcode": "10115", "country": "DE" },
    });
    let key = format!("demo-{:08x}", rand::random::<u32>());
    let curl = format!(
        "curl -i {api}/v1/orders -H 'Authorization: Bearer {token}' -H 'Idempotency-Key: {key}' -H 'Content-Type: application/json' -d '{order}'"
    );
    Ok(Demo { token, curl })
}

/// The first product in stock, whatever the list is wrapped in.
fn first_sku(products: &Value) -> Option<&str> {
    let list = products
        .as_array()
        .or_else(|| products.as_object()?.values().find_map(Value::as_array))?;
    let available = |product: &&Value| {
        product
            .get("available")
            .and_then(Value::as_i64)
            .is_none_or(|left| left > 0)
    };
    list.iter().find(available)?.get("sku")?.as_str()
}
