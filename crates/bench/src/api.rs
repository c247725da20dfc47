//! The REST API, as an app uses it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use domain::{OrderDraft, OrderId, OrderState, Sku, Version};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The REST API.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
}

/// Someone who orders.
#[derive(Debug, Clone, Deserialize)]
pub struct Guest {
    /// What he shows as `Authorization: Bearer`.
    pub token: String,
}

/// What became of one request to order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Accepted {
        /// The order.
        order: OrderId,
        /// Whether it was said to repeat an earlier answer.
        replayed: bool,
    },
    /// Anything else that was answered.
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem's type; `about:blank` where the answer names none (RFC 9457).
        problem: String,
        /// When to come again.
        retry_after: Option<Duration>,
    },
    /// No answer, or half of one.
    Unknown(String),
}

/// An order as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Snapshot {
    /// Its version.
    pub version: Version,
    /// Its state.
    pub state: OrderState,
}

#[derive(Deserialize)]
struct Page {
    products: Vec<Product>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Product {
    sku: Sku,
}

impl Api {
    /// The one at `url`. A request that takes longer than `timeout` is given up.
    ///
    /// # Errors
    /// Where there is no randomness or no certificate store for TLS.
    pub fn new(url: &str, timeout: Duration) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(timeout)
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
        })
    }

    /// A new guest.
    ///
    /// # Errors
    /// Where none is given.
    pub async fn guest(&self) -> Result<Guest> {
        let request = self.http.post(format!("{}/v1/guest-sessions", self.url));
        json(request).await.context("cannot get a guest's token")
    }

    /// Everything that is for sale.
    ///
    /// # Errors
    /// Where it is not told, or is nothing.
    pub async fn skus(&self) -> Result<Vec<Sku>> {
        let (mut skus, mut cursor) = (Vec::new(), None);
        loop {
            let mut request = self.http.get(format!("{}/v1/products?limit=100", self.url));
            if let Some(cursor) = &cursor {
                request = request.query(&[("cursor", cursor)]);
            }
            let page: Page = json(request).await.context("cannot read the catalog")?;
            skus.extend(page.products.into_iter().map(|product| product.sku));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if skus.is_empty() {
            bail!("the catalog is empty: `waybillctl seed` fills it");
        }
        Ok(skus)
    }

    /// Sends an order once. `body` is an [`OrderDraft`] as JSON.
    pub async fn submit(&self, guest: &Guest, key: &str, body: Bytes) -> Answer {
        let request = self
            .http
            .post(format!("{}/v1/orders", self.url))
            .bearer_auth(&guest.token)
            .header("Idempotency-Key", key)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        match request.send().await {
            Ok(response) => answer(response).await,
            Err(error) => Answer::Unknown(error.without_url().to_string()),
        }
    }

    /// The order as it stands; none where the API knows of none for this guest.
    ///
    /// # Errors
    /// Where it can't be read right now.
    pub async fn order(&self, guest: &Guest, id: OrderId) -> Result<Option<Snapshot>> {
        let request = self
            .http
            .get(format!("{}/v1/orders/{id}", self.url))
            .bearer_auth(&guest.token);
        let response = request.send().await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(response.error_for_status()?.json().await?))
    }
}

/// The JSON that `POST /v1/orders` takes.
///
/// # Errors
/// Never: a draft always has JSON.
pub(crate) fn body(draft: &OrderDraft) -> Result<Bytes> {
    Ok(serde_json::to_vec(draft)?.into())
}

async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    Ok(request.send().await?.error_for_status()?.json().await?)
}

async fn answer(response: Response) -> Answer {
    #[derive(Deserialize)]
    struct Accepted {
        id: OrderId,
    }
    let (status, headers) = (response.status(), response.headers().clone());
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Answer::Unknown(error.without_url().to_string()),
    };
    if status.is_success() {
        return match serde_json::from_slice::<Accepted>(&body) {
            Ok(Accepted { id }) => Answer::Accepted {
                order: id,
                replayed: headers.contains_key("idempotent-replayed"),
            },
            Err(error) => Answer::Unknown(format!("{status} without an order's id: {error}")),
        };
    }
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    Answer::Refused {
        status: status.as_u16(),
        problem: problem(&body),
        retry_after: seconds.map(Duration::from_secs),
    }
}

fn problem(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = body.get("type").and_then(Value::as_str);
    named.unwrap_or("about:blank").to_owned()
}
