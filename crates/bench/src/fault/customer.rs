//! A customer whose devices must hear of every order.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Drill;
use super::shop::eventually;
use crate::{Answer, Guest};

/// A device of each is told of every order.
pub(super) const PLATFORMS: [&str; 4] = ["apns", "fcm", "wns", "webpush"];
const TITLE: &str = "Your order is confirmed";
/// For how long pushes are waited for: back-off included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Someone with a device of each kind.
#[derive(Debug)]
pub(super) struct Customer {
    http: reqwest::Client,
    guest: Guest,
    devices: Vec<String>,
    orders: Mutex<Vec<String>>,
}

impl Customer {
    /// With one device of each kind.
    pub(super) async fn new(drill: &Drill) -> Result<Self> {
        let mut customer = Self {
            http: reqwest::Client::new(),
            guest: drill.guest().clone(),
            devices: Vec::new(),
            orders: Mutex::default(),
        };
        for platform in PLATFORMS {
            customer.device(drill, platform).await?;
        }
        Ok(customer)
    }

    /// Registers one more device and gives its id in the sandbox.
    pub(super) async fn device(&mut self, drill: &Drill, platform: &str) -> Result<String> {
        let made = self
            .http
            .post(format!("{}/devices", drill.stack.sandbox_url()))
            .json(&json!({ "platform": platform }));
        let made: Value = made.send().await?.error_for_status()?.json().await?;
        let installation = made["installation_id"]
            .as_str()
            .context("a device without an id")?;
        let registration = self
            .http
            .put(format!(
                "{}/v1/installations/{installation}",
                drill.stack.api_url()
            ))
            .bearer_auth(&self.guest.token)
            .json(&made["registration"]["body"]);
        registration.send().await?.error_for_status()?;
        let id = made["id"].as_str().context("a device without an id")?.to_owned();
        self.devices.push(id.clone());
        Ok(id)
    }

    /// A device shows this fault from now on.
    pub(super) async fn spoil(&self, drill: &Drill, device: &str, fault: &Value) -> Result<()> {
        let address = format!("{}/devices/{device}/fault", drill.stack.sandbox_url());
        let request = self.http.put(address).json(fault);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Of a device that is meant to be gone nothing is expected.
    pub(super) fn forget(&mut self, device: &str) {
        self.devices.retain(|known| known != device);
    }

    /// Orders once.
    pub(super) async fn order(&self, drill: &Drill) {
        if let Answer::Accepted { order, .. } = drill.probe().await {
            let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
            orders.push(order.to_string());
        }
    }

    /// Every confirmed order must have been shown on every device.
    pub(super) async fn was_told(&self, drill: &Drill) -> Result<()> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut shown, mut again) = (0, 0);
        for order in &orders {
            if drill
                .stack
                .psql(&format!("SELECT state FROM orders WHERE id = '{order}'"))?
                == "rejected"
            {
                continue;
            }
            let told = eventually("every device to be told", PATIENCE, async || {
                let counts = self.counts(drill, order).await.ok()?;
                let all = self.devices.iter().all(|device| counts.contains_key(device));
                all.then_some(counts)
            });
            match told.await {
                Ok(counts) => {
                    shown += counts.len();
                    again += counts.values().filter(|count| **count > 1).count();
                }
                Err(_) => {
                    let counts = self.counts(drill, order).await?;
                    let missing = self.devices.iter().filter(|device| !counts.contains_key(*device));
                    let missing: Vec<_> = missing.cloned().collect();
                    drill.broken(format!(
                        "I4: order {order} was not told to {}",
                        missing.join(", ")
                    ));
                }
            }
        }
        drill.note(format!(
            "{} orders told to {} devices: {shown} shown, {again} of them more than once",
            orders.len(),
            self.devices.len()
        ));
        Ok(())
    }

    /// How often each device has shown that an order is confirmed.
    async fn counts(&self, drill: &Drill, order: &str) -> Result<BTreeMap<String, u32>> {
        let address = format!("{}/deliveries?order={order}", drill.stack.sandbox_url());
        let pushes: Vec<Value> = self.http.get(address).send().await?.json().await?;
        let mut counts = BTreeMap::new();
        for push in pushes.iter().filter(|push| push["title"] == TITLE) {
            let device = push["device"].as_str().unwrap_or_default().to_owned();
            *counts.entry(device).or_default() += 1;
        }
        Ok(counts)
    }
}
