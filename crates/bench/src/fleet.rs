//! Devices by the ten thousand, registered past the front door, and what the push sandbox counts of them.

mod tally;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chassis::clock;
use devstack::Stack;
use domain::{Actor, Customer, GuestId, Money, OrderEvent, OrderId, OrderState, Version};
use messaging::{Messaging, events};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::types::{Json, Uuid};
use storage::Channel;

pub use self::tally::{Group, Taken, Tally};
use crate::fault::messaging;

/// The platforms there may be; one that the sandbox does not speak is left out.
const PLATFORMS: [&str; 4] = ["apns", "fcm", "wns", "webpush"];
const REQUEST: Duration = Duration::from_secs(60);
/// Rows of one insert.
const CHUNK: usize = 5_000;

/// A line of the sandbox for a device that was made.
#[derive(Deserialize)]
struct Made {
    id: String,
    installation_id: Uuid,
    platform: String,
    #[serde(deserialize_with = "channel")]
    channel: Channel,
}

/// As a device gives it: a browser puts its keys together.
fn channel<'de, D: Deserializer<'de>>(from: D) -> Result<Channel, D::Error> {
    let mut given = Value::deserialize(from)?;
    if let Some(Value::Object(keys)) = given.get_mut("keys").map(Value::take) {
        for (name, key) in keys {
            given[name] = key;
        }
    }
    serde_json::from_value(given).map_err(serde::de::Error::custom)
}

/// Many customers with many devices.
#[derive(Debug)]
pub struct Fleet {
    http: reqwest::Client,
    sandbox: String,
    messaging: Messaging,
    database: sqlx::PgPool,
    customers: Vec<Customer>,
    /// The devices' names in the sandbox, in the order of their customers.
    ids: Vec<String>,
}

impl Fleet {
    /// Makes `count` devices, as many on each platform, and registers them to customers with `of_each` devices. The last customer's may be fewer.
    ///
    /// # Errors
    /// Where sandbox, database or broker do not take part.
    pub async fn register(stack: &Stack, count: usize, of_each: usize) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(REQUEST).build()?;
        let sandbox = stack.sandbox_url().to_owned();
        let mut spoken = Vec::new();
        for platform in PLATFORMS {
            if made(&http, &sandbox, platform, 0).await?.is_some() {
                spoken.push(platform);
            }
        }
        let mut each = Vec::new();
        for (place, platform) in spoken.iter().enumerate() {
            let share = (count + spoken.len() - 1 - place) / spoken.len();
            let devices = made(&http, &sandbox, platform, share).await?;
            each.push(devices.context("a platform that is spoken no more")?.into_iter());
        }
        // Each customer has devices of every kind.
        let mut devices = Vec::with_capacity(count);
        while devices.len() < count {
            devices.extend(each.iter_mut().filter_map(Iterator::next));
        }
        let guest = || Customer::Guest(GuestId(clock::random_id()));
        let customers: Vec<_> = (0..count.div_ceil(of_each)).map(|_| guest()).collect();
        insert(stack, &devices, &customers, of_each).await?;
        Ok(Self {
            http,
            sandbox,
            messaging: messaging(stack).await?,
            database: sqlx::PgPool::connect_lazy(stack.database_url())?,
            customers,
            ids: devices.into_iter().map(|device| device.id).collect(),
        })
    }

    /// How many there are.
    pub fn devices(&self) -> usize {
        self.ids.len()
    }

    /// Their names in the sandbox, in the order of their customers.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Begins a campaign to every device there is.
    ///
    /// # Errors
    /// Where it is not accepted.
    pub async fn campaign(&self, stack: &Stack) -> Result<()> {
        let words = [
            "push",
            "send",
            "--to",
            "*",
            "--title",
            "Fresh tea",
            "--body",
            "The first harvest of the year is here.",
        ];
        stack.waybillctl(words).await?;
        Ok(())
    }

    /// An order of the customer of this number was confirmed. It is stored as far as a mail about it needs it.
    ///
    /// # Errors
    /// Where the database does not take the order, or the broker the event.
    pub async fn confirm_order(&self, number: usize) -> Result<OrderEvent> {
        let event = confirmed(self.customers[number % self.customers.len()]);
        let contact = json!({ "contact": { "email": format!("{}@example.org", event.order) } });
        sqlx::query(
            "INSERT INTO orders (id, customer, state, version, fingerprint, submitted_at, updated_at, document) \
             VALUES ($1, $2, $3, 2, '', now(), now(), $4)",
        )
        .bind(event.order.0)
        .bind(event.customer.to_string())
        .bind(event.state.as_str())
        .bind(Json(contact))
        .execute(&self.database)
        .await?;
        let message = events::order_event_message(&event, "order-processor");
        let stored = self.messaging.publish(&message).await;
        stored.context("an event is not stored")?;
        Ok(event)
    }

    /// Lets faults come by share.
    ///
    /// # Errors
    /// Where the sandbox refuses them.
    pub async fn rage(&self, storm: &Value) -> Result<()> {
        let request = self.http.put(format!("{}/faults", self.sandbox)).json(storm);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// How often each fault was shown, in words.
    ///
    /// # Errors
    /// Where the sandbox does not answer.
    pub async fn faults(&self) -> Result<String> {
        let storms: Value = self.get("/faults").await?;
        let shown = storms.pointer("/0/shown").and_then(Value::as_object);
        let mut words: Vec<_> = shown
            .into_iter()
            .flatten()
            .map(|(fault, count)| format!("{fault} {count}"))
            .collect();
        words.sort();
        Ok(words.join(", "))
    }

    /// All counts.
    ///
    /// # Errors
    /// Where the sandbox does not answer.
    pub async fn tally(&self) -> Result<Tally> {
        self.get("/tally").await
    }

    /// How many pushes were taken.
    ///
    /// # Errors
    /// Where the sandbox does not answer.
    pub async fn pushes(&self) -> Result<u64> {
        let count: Value = self.get("/tally/count").await?;
        count["pushes"].as_u64().context("a count without a number")
    }

    /// What each device took.
    ///
    /// # Errors
    /// Where the sandbox does not answer.
    pub async fn taken(&self) -> Result<Vec<Taken>> {
        let request = self.http.get(format!("{}/tally/devices", self.sandbox));
        let lines = request.send().await?.error_for_status()?.text().await?;
        lines
            .lines()
            .map(|line| Ok(serde_json::from_str(line)?))
            .collect()
    }

    /// Forgets what was taken.
    ///
    /// # Errors
    /// Where the sandbox does not answer.
    pub async fn clear(&self) -> Result<()> {
        let request = self.http.delete(format!("{}/deliveries", self.sandbox));
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Keeps the next requests of each service as they come.
    ///
    /// # Errors
    /// Where the sandbox does not answer.
    pub async fn keep_samples(&self, count: usize) -> Result<()> {
        let request = self.http.put(format!("{}/samples", self.sandbox));
        let request = request.json(&json!({ "count": count }));
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// JSON of the sandbox.
    ///
    /// # Errors
    /// Where the sandbox does not answer.
    pub async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        let request = self.http.get(format!("{}{path}", self.sandbox));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

/// Devices that the sandbox has made; none where it does not speak the platform.
async fn made(
    http: &reqwest::Client,
    sandbox: &str,
    platform: &str,
    count: usize,
) -> Result<Option<Vec<Made>>> {
    let request = http
        .post(format!("{sandbox}/devices/bulk"))
        .json(&json!({ "platform": platform, "count": count }));
    let response = request.send().await?;
    if response.status() == reqwest::StatusCode::BAD_REQUEST {
        return Ok(None);
    }
    let lines = response.error_for_status()?.text().await?;
    let devices = lines.lines().map(serde_json::from_str);
    Ok(Some(devices.collect::<Result<_, _>>()?))
}

/// Registers the devices as the front door would, many at once.
async fn insert(stack: &Stack, devices: &[Made], customers: &[Customer], of_each: usize) -> Result<()> {
    let mut connection = sqlx::PgConnection::connect(stack.database_url()).await?;
    let mut number = 0;
    for devices in devices.chunks(CHUNK) {
        let owners: Vec<_> = (number..number + devices.len())
            .map(|number| customers[number / of_each].to_string())
            .collect();
        number += devices.len();
        let ids: Vec<_> = devices.iter().map(|device| device.installation_id).collect();
        let platforms: Vec<_> = devices.iter().map(|device| device.platform.as_str()).collect();
        let channels: Vec<_> = devices.iter().map(|device| Json(&device.channel)).collect();
        let hashes: Vec<_> = devices
            .iter()
            .map(|device| device.channel.hash().to_vec())
            .collect();
        let inserted = sqlx::query(
            "INSERT INTO installations (id, app, customer, platform, environment, channel, channel_hash, locale, updated_at) \
             SELECT id, 'shop', customer, platform, 'production', channel, hash, 'en', now() \
             FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[]) AS device (id, customer, platform, channel, hash)",
        )
        .bind(ids)
        .bind(owners)
        .bind(platforms)
        .bind(channels)
        .bind(hashes)
        .execute(&mut connection)
        .await?;
        ensure!(
            inserted.rows_affected() == devices.len() as u64,
            "not all are registered"
        );
    }
    sqlx::query("ANALYZE installations")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

fn confirmed(customer: Customer) -> OrderEvent {
    OrderEvent {
        order: OrderId(clock::random_id()),
        version: Version(2),
        state: OrderState::Confirmed,
        customer,
        by: Actor::System("order-processor".into()),
        at: clock::now(),
        total: "EUR".parse().ok().map(|currency| Money::new(1250, currency)),
        reason: None,
        refused: None,
        erased: false,
    }
}
