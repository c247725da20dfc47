//! P1 and P2: accepting while nobody processes, then deciding what has piled up; P6: what that takes in memory.

use std::time::Duration;

use anyhow::Result;
use devstack::Part;
use tokio::time::{Instant, sleep};

use super::figure::{Goal, Sample};
use super::shop::Shop;
use super::{bare, usage, wire};
use crate::args::PerfArgs;

const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Messages and rows of one floor.
const FLOOR: usize = 10_000;

pub(super) async fn measure(shop: &mut Shop, args: &PerfArgs) -> Result<Vec<Sample>> {
    shop.stack.terminate(Part::OrderProcessor).await?;
    bare::prepare(&shop.jetstream, &shop.pool).await?;
    let in_flight = args.in_flight;
    let body = shop.body(0)?;
    let before = bare::publish(&shop.jetstream, &body, FLOOR, in_flight).await?;
    let (shopping, token) = (shop.shopping.clone(), shop.guest.token.clone());
    let request = move |number: u64| {
        let body = crate::api::body(&shopping.order(number)).unwrap_or_default();
        wire::post("/v1/orders", &token, &format!("perf-{number}"), &body)
    };
    let took = wire::drive(&shop.authority, in_flight, args.orders, 202, request).await?;
    let accepted = args.orders as f64 / took.as_secs_f64();
    let door = usage::memory(shop.id(Part::RestApi).await?)?;
    let after = bare::publish(&shop.jetstream, &body, FLOOR, in_flight).await?;

    let before_inserts = bare::insert(&shop.pool, &shop.document, FLOOR).await?;
    let decided = drain(shop).await?;
    let processor = usage::memory(shop.id(Part::OrderProcessor).await?)?;
    let after_inserts = bare::insert(&shop.pool, &shop.document, FLOOR).await?;
    // Both go on at once, on the same machine.
    shop.capacity = Some(1.0 / (1.0 / accepted + 1.0 / decided));
    let memory = |what, system| Sample {
        name: "P6",
        what,
        unit: "MiB",
        floor: None,
        system,
        goal: Goal::AtMost(80.0),
    };
    Ok(vec![
        Sample {
            name: "P1",
            what: "orders accepted",
            unit: "/s",
            floor: Some(f64::midpoint(before, after)),
            system: accepted,
            goal: Goal::AtLeast(0.6),
        },
        Sample {
            name: "P2",
            what: "orders decided by one processor",
            unit: "/s",
            floor: Some(f64::midpoint(before_inserts, after_inserts)),
            system: decided,
            goal: Goal::AtLeast(0.5),
        },
        memory("memory of rest-api after that", door),
        memory("memory of order-processor after that", processor),
    ])
}

/// Starts the processor and tells how many of the waiting orders it decides in a second.
async fn drain(shop: &Shop) -> Result<f64> {
    let all = shop.waiting().await?;
    shop.stack.launch(Part::OrderProcessor).await?;
    let mut begun = None;
    loop {
        let (left, now) = (shop.waiting().await?, Instant::now());
        match begun {
            None if left < all => begun = Some((now, left)),
            Some((begun, at_first)) if left == 0 => {
                return Ok(at_first as f64 / (now - begun).as_secs_f64());
            }
            _ => {}
        }
        sleep(LOOK_AGAIN).await;
    }
}
