//! A shop to be measured in: one front door, one processor, servers that sync as in production, and plenty of everything.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_nats::jetstream;
use bytes::Bytes;
use devstack::servers::nats::Flush;
use devstack::{Part, Stack, StackOptions};
use domain::OrderId;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::fault::eventually;
use crate::{Answer, Api, Guest, Shopping, api};

const REQUEST: Duration = Duration::from_secs(10);
const DECIDED: Duration = Duration::from_secs(30);
/// Of each product.
const UNITS: &str = "100000000";
const SEED: u64 = 1;
/// Requests are counted as in production, but one customer sends them all.
const QUOTA: &str = "1000000/1s";

pub(super) struct Shop {
    pub(super) stack: Stack,
    pub(super) guest: Guest,
    /// The REST API's `localhost:<port>`.
    pub(super) authority: String,
    pub(super) shopping: Shopping,
    /// NATS, as its operator.
    pub(super) jetstream: jetstream::Context,
    pub(super) pool: PgPool,
    /// An order that was decided.
    pub(super) decided: OrderId,
    /// Its document.
    pub(super) document: String,
    /// Orders per second that this shop can take and decide, once it was measured.
    pub(super) capacity: Option<f64>,
}

impl Shop {
    pub(super) async fn open(flush: Flush) -> Result<Self> {
        let options = [Part::PushSandbox, Part::NotificationHub, Part::WebFrontend]
            .into_iter()
            .fold(StackOptions::for_test()?.seeded(), StackOptions::without)
            .flushing(flush)
            .env(Part::RestApi, "CUSTOMER_LIMIT", QUOTA)
            .env(Part::RestApi, "ADDRESS_LIMIT", QUOTA);
        let stack = Stack::start(options).await?;
        let api = Api::new(stack.api_url(), REQUEST)?;
        let skus = api.skus().await?;
        for sku in &skus {
            stack
                .waybillctl(["products", "stock", sku.as_str(), UNITS])
                .await?;
        }
        let guest = api.guest().await?;
        let shopping = Shopping::new(skus, 1.0, SEED)?;
        let body = api::body(&shopping.order(0))?;
        let Answer::Accepted { order, .. } = api.submit(&guest, "first", body).await else {
            bail!("the first order is not accepted");
        };
        let document = eventually("the first order to be decided", DECIDED, async || {
            let found = stack.psql(&format!("SELECT document FROM orders WHERE id = '{order}'"));
            found.ok().filter(|document| !document.is_empty())
        })
        .await?;
        let seed = std::fs::read_to_string(stack.nats_seed_file())?;
        let client = async_nats::ConnectOptions::with_nkey(seed.trim().to_owned())
            .connect(stack.nats_url())
            .await?;
        Ok(Self {
            authority: authority(stack.api_url())?,
            guest,
            shopping,
            jetstream: jetstream::new(client),
            pool: PgPoolOptions::new()
                .max_connections(1)
                .connect(stack.database_url())
                .await?,
            decided: order,
            document,
            capacity: None,
            stack,
        })
    }

    /// The body of the order of this number.
    pub(super) fn body(&self, number: u64) -> Result<Bytes> {
        api::body(&self.shopping.order(number))
    }

    /// The process of `part`.
    pub(super) async fn id(&self, part: Part) -> Result<u32> {
        id(&self.stack, part).await
    }

    /// How many commands wait or are in hand.
    pub(super) async fn waiting(&self) -> Result<u64> {
        let stream = self.jetstream.get_stream("ORDERS").await?;
        Ok(stream.cached_info().state.messages)
    }

    pub(super) async fn close(self) {
        self.pool.close().await;
        self.stack.stop().await;
    }
}

/// The process of a stack's part.
pub(super) async fn id(stack: &Stack, part: Part) -> Result<u32> {
    let id = stack.id(part).await?;
    id.with_context(|| format!("{part} does not run"))
}

/// `localhost:<port>` of an address.
pub(super) fn authority(url: &str) -> Result<String> {
    let authority = url
        .strip_prefix("http://")
        .context("an address of another kind")?;
    Ok(authority.to_owned())
}
