//! P7: pushes per second to very many devices, and how long an order's event takes to a push service.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Part, Stack, StackOptions};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::figure::{Goal, Sample};
use super::replay::Replay;
use super::shop::id;
use super::usage;
use crate::Latency;
use crate::args::PerfArgs;
use crate::fault::eventually;
use crate::fleet::Fleet;

/// Devices of one customer of the campaign.
const OF_EACH: usize = 100;
/// Customers with one device each, whose orders' events are timed.
const TIMED: usize = 1_000;
/// Their events per second: far below what there is room for.
const RATE: f64 = 100.0;
/// The same while everyone is told of something.
const BESIDE: f64 = 50.0;
/// Of each service, to be sent again as the floor.
const SAMPLES: usize = 50;
const PATIENCE: Duration = Duration::from_secs(900);

/// What the sandbox says of a push.
#[derive(Deserialize)]
struct Arrived {
    device: String,
    at: Timestamp,
}

pub(super) async fn measure(args: &PerfArgs) -> Result<Vec<Sample>> {
    let options = [Part::OrderProcessor, Part::RestApi, Part::WebFrontend]
        .into_iter()
        .fold(StackOptions::for_test()?, StackOptions::without)
        .flushing(args.flush())
        // As fast as it goes: nobody here has to be spared.
        .env(Part::NotificationHub, "PUSH_FCM_RATE", "0");
    let stack = Stack::start(options).await?;
    let timed = Fleet::register(&stack, TIMED, 1).await?;
    let mut samples = latency(&timed).await?;
    samples.extend(campaign(&stack, &timed, args.devices).await?);
    stack.stop().await;
    Ok(samples)
}

/// Tells every device of something, between two floors. Those of `timed` are told of orders meanwhile, too.
async fn campaign(stack: &Stack, timed: &Fleet, devices: usize) -> Result<Vec<Sample>> {
    let fleet = Fleet::register(stack, devices, OF_EACH).await?;
    fleet.clear().await?;
    fleet.keep_samples(SAMPLES).await?;
    // A first few, so that the hub is signed in everywhere and its requests are known.
    fleet.confirm_order(0).await?;
    arrived(&fleet, OF_EACH as u64).await?;
    let replay = Replay::of(&fleet).await?;
    fleet.keep_samples(0).await?;
    let floor = devices as u64 / 4;
    let before = replay.run(floor).await?;

    fleet.clear().await?;
    let hub = id(stack, Part::NotificationHub).await?;
    let used = usage::cpu(hub)?;
    fleet.campaign(stack).await?;
    confirm_orders(timed, BESIDE).await?;
    arrived(&fleet, (devices + 2 * TIMED) as u64).await?;
    let used = usage::cpu(hub)? - used;
    let memory = usage::memory(hub)?;
    let tally = fleet.tally().await?;
    let (first, last) = tally.first_at.zip(tally.last_at).context("no push arrived")?;
    let took = last.duration_since(first).as_secs_f64();
    let after = replay.run(floor).await?;
    let (p50, p99) = beside(stack)?;
    let told = |what, unit, system| Sample {
        name: "P7",
        what,
        unit,
        floor: None,
        system,
        goal: Goal::None,
    };
    Ok(vec![
        Sample {
            name: "P7",
            what: "pushes to all devices",
            unit: "/s",
            floor: Some(f64::midpoint(before, after)),
            system: tally.pushes as f64 / took,
            goal: Goal::AtLeast(0.6),
        },
        told(
            "time of the hub on a processor for a push",
            "µs",
            used.as_secs_f64() * 1e6 / tally.pushes as f64,
        ),
        told("connections to push services", "", tally.open_connections as f64),
        told("order's event to its push settled, beside that, p50", "ms", p50),
        told("order's event to its push settled, beside that, p99", "ms", p99),
        Sample {
            goal: Goal::AtMost(80.0),
            ..told("memory of notification-hub after that", "MiB", memory)
        },
    ])
}

/// Waits until so many pushes have arrived.
async fn arrived(fleet: &Fleet, pushes: u64) -> Result<()> {
    eventually("all pushes to arrive", PATIENCE, async || {
        (fleet.pushes().await.ok()? >= pushes).then_some(())
    })
    .await
}

/// Each customer's order is confirmed, so many a second; gives when, by device.
async fn confirm_orders(timed: &Fleet, rate: f64) -> Result<HashMap<String, Timestamp>> {
    let (begun, mut happened) = (Instant::now(), HashMap::new());
    for (number, device) in timed.ids().iter().enumerate() {
        sleep_until(begun + Duration::from_secs_f64(number as f64 / rate)).await;
        happened.insert(device.clone(), timed.confirm_order(number).await?.at);
    }
    Ok(happened)
}

/// The median and the 99th percentile of how long the latest orders' events took until the ledger had their pushes as sent, in milliseconds.
fn beside(stack: &Stack) -> Result<(f64, f64)> {
    let row = stack.psql(&format!(
        "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY took), percentile_disc(0.99) WITHIN GROUP (ORDER BY took)
         FROM (SELECT 1000 * extract(epoch FROM settled_at - event_at) AS took FROM deliveries
               WHERE order_id IS NOT NULL AND platform <> 'email' ORDER BY event_at DESC LIMIT {TIMED}) AS latest"
    ))?;
    let (p50, p99) = row.trim().split_once('|').context("two figures")?;
    Ok((p50.parse()?, p99.parse()?))
}

/// From when an order's event happened until its push arrives.
async fn latency(fleet: &Fleet) -> Result<Vec<Sample>> {
    let mut happened = confirm_orders(fleet, RATE).await?;
    arrived(fleet, TIMED as u64).await?;
    let latency = Latency::new()?;
    for push in fleet.get::<Vec<Arrived>>("/deliveries").await? {
        if let Some(at) = happened.remove(&push.device) {
            latency.record(push.at.duration_since(at).unsigned_abs());
        }
    }
    let sample = |what, share| Sample {
        name: "P7",
        what,
        unit: "ms",
        floor: None,
        system: latency.quantile(share).as_secs_f64() * 1000.0,
        goal: Goal::None,
    };
    Ok(vec![
        sample("order's event to push service, p50", 0.5),
        sample("order's event to push service, p99", 0.99),
    ])
}
