//! P4 and P8: following orders.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use devstack::Part;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::figure::{Goal, Sample};
use super::shop::Shop;
use super::wire::{self, Wire};
use super::{bare, usage};
use crate::args::PerfArgs;
use crate::{Latency, Pace, api};

/// How long orders come at half of capacity.
const LENGTH: Duration = Duration::from_secs(20);
/// One in so many orders is followed.
const FOLLOWED: u64 = 10;
const SEQUENCES: u32 = 500;
/// What stands in the event that tells of it.
const CONFIRMED: &[u8] = b"\"state\":\"confirmed\"";

/// From when an order was due until its customer sees that it is confirmed, at half of capacity.
pub(super) async fn latency(shop: &Shop) -> Result<Vec<Sample>> {
    let capacity = shop.capacity.context("capacity was not measured")?;
    let client = shop.jetstream.client();
    let body = shop.body(0)?;
    let what = (&body, shop.document.as_str());
    let sequence = || bare::sequence(&shop.jetstream, &client, &shop.pool, what, SEQUENCES);
    let before = sequence().await?;
    let rate = capacity / 2.0;
    let count = (rate * LENGTH.as_secs_f64()) as u64;
    let latency = Arc::new(Latency::new()?);
    let wires: Arc<Mutex<Vec<Wire>>> = Arc::default();
    let work = |number: u64, due: Instant| {
        let (authority, token) = (shop.authority.clone(), shop.guest.token.clone());
        let (wires, latency) = (Arc::clone(&wires), Arc::clone(&latency));
        let body = api::body(&shop.shopping.order(number)).unwrap_or_default();
        async move {
            let request = wire::post("/v1/orders", &token, &format!("live-{number}"), &body);
            let pooled = wires.lock().await.pop();
            let seen = async {
                let mut wire = match pooled {
                    Some(wire) => wire,
                    None => Wire::connect(&authority).await?,
                };
                let (status, answer) = wire.ask(&request).await?;
                ensure!(status == 202, "not accepted: {status}");
                wires.lock().await.push(wire);
                if number.is_multiple_of(FOLLOWED) {
                    let order: serde_json::Value = serde_json::from_slice(&answer)?;
                    let id = order["id"].as_str().context("an order without an id")?;
                    let events = wire::get(&format!("/v1/orders/{id}/events"), &token, "text/event-stream");
                    let mut stream = Wire::connect(&authority).await?;
                    ensure!(stream.open(&events).await? == 200, "no events");
                    stream.until(CONFIRMED).await?;
                    latency.record(due.elapsed());
                }
                anyhow::Ok(())
            };
            if let Err(error) = seen.await {
                tracing::warn!(%error, "an order was not followed");
            }
        }
    };
    Pace::PerSecond(rate).keep(count, work).await?;
    ensure!(
        latency.count() >= count / FOLLOWED / 2,
        "only {} orders were seen to be confirmed",
        latency.count()
    );
    let after = sequence().await?;
    let sample = |what, share, goal| {
        let millis = |latency: &Latency| latency.quantile(share).as_secs_f64() * 1000.0;
        Sample {
            name: "P4",
            what,
            unit: "ms",
            floor: Some(f64::midpoint(millis(&before), millis(&after))),
            system: millis(&latency),
            goal: Goal::AtMost(goal),
        }
    };
    Ok(vec![
        sample("order to confirmed on the page, p50", 0.5, 2.0),
        sample("order to confirmed on the page, p99", 0.99, 5.0),
    ])
}

/// Many who follow an order that nobody decides.
pub(super) async fn connections(shop: &Shop, args: &PerfArgs) -> Result<Vec<Sample>> {
    shop.stack.terminate(Part::OrderProcessor).await?;
    let order = wire::post("/v1/orders", &shop.guest.token, "followed", &shop.body(1)?);
    let (status, answer) = Wire::connect(&shop.authority).await?.ask(&order).await?;
    ensure!(status == 202, "not accepted: {status}");
    let order: serde_json::Value = serde_json::from_slice(&answer)?;
    let id = order["id"].as_str().context("an order without an id")?;
    let events = wire::get(
        &format!("/v1/orders/{id}/events"),
        &shop.guest.token,
        "text/event-stream",
    );
    let door = shop.id(Part::RestApi).await?;
    let before = usage::memory(door)?;
    let mut open = Vec::new();
    for _ in 0..args.followers {
        let mut stream = Wire::connect(&shop.authority).await?;
        ensure!(
            stream.open(&events).await? == 200,
            "no events after {}",
            open.len()
        );
        stream.until(b"submitted").await?;
        open.push(stream);
    }
    let grown = usage::memory(door)? - before;
    let each = grown * 1024.0 / open.len() as f64;
    shop.stack.start_part(Part::OrderProcessor).await?;
    for stream in &mut open {
        stream.until(CONFIRMED).await?;
    }
    Ok(vec![
        Sample {
            name: "P8",
            what: "followers of one replica, all told",
            unit: "",
            floor: None,
            system: open.len() as f64,
            goal: Goal::AtLeast(9_000.0),
        },
        Sample {
            name: "P8",
            what: "memory of each",
            unit: "KiB",
            floor: None,
            system: each,
            goal: Goal::AtMost(10.0),
        },
    ])
}
