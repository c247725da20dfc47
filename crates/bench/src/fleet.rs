//! Devices by the ten thousand, registered past the front door, and what the push sandbox counts of them.

mod register;
mod tally;

use std::time::Duration;

use anyhow::{Context, Result};
use chassis::clock;
use devstack::Stack;
use domain::{Actor, Customer, GuestId, Money, OrderEvent, OrderId, OrderState, Version};
use messaging::{Messaging, events};
use serde_json::{Value, json};
use sqlx::types::Json;

pub use self::tally::{Group, Taken, Tally};
use crate::fault::messaging;

const REQUEST: Duration = Duration::from_secs(60);

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
        let devices = register::make(&http, &sandbox, count).await?;
        let guest = || Customer::Guest(GuestId(clock::random_id()));
        let customers: Vec<_> = (0..count.div_ceil(of_each)).map(|_| guest()).collect();
        register::insert(stack, &devices, &customers, of_each).await?;
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
