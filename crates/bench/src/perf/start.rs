//! P5, P6 and P10, of everything together: the time on a processor that an order takes, memory at rest, how long services take to start.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::{Part, Stack, StackOptions};
use tokio::time::{Instant, sleep};

use super::figure::{Goal, Sample};
use super::shop::{authority, id};
use super::{usage, wire};
use crate::args::PerfArgs;
use crate::fault::eventually;
use crate::{Api, Shopping, api};

const REQUEST: Duration = Duration::from_secs(10);
const DECIDED: Duration = Duration::from_secs(120);
/// What is at work when an order is.
const AT_WORK: [Part; 7] = [
    Part::Postgres,
    Part::Redis,
    Part::Nats,
    Part::OrderProcessor,
    Part::NotificationHub,
    Part::RestApi,
    Part::WebFrontend,
];
const IN_FLIGHT: usize = 16;
const LOOK_AGAIN: Duration = Duration::from_millis(1);
const READY: Duration = Duration::from_secs(10);

pub(super) async fn measure(args: &PerfArgs) -> Result<Vec<Sample>> {
    let stack = Stack::start(StackOptions::for_test()?.seeded()).await?;
    let mut samples = Vec::new();
    for part in Part::SERVICES {
        samples.push(Sample {
            name: "P6",
            what: at_rest(part),
            unit: "MiB",
            floor: None,
            system: usage::memory(id(&stack, part).await?)?,
            goal: Goal::AtMost(25.0),
        });
    }
    samples.push(per_order(&stack, args).await?);
    for part in Part::SERVICES {
        samples.push(Sample {
            name: "P10",
            what: started(part),
            unit: "ms",
            floor: None,
            system: start(&stack, part).await?.as_secs_f64() * 1000.0,
            goal: Goal::AtMost(200.0),
        });
    }
    stack.stop().await;
    Ok(samples)
}

/// From the request to the last push that could be, all servers and services together.
async fn per_order(stack: &Stack, args: &PerfArgs) -> Result<Sample> {
    let api = Api::new(stack.api_url(), REQUEST)?;
    let (guest, skus) = (api.guest().await?, api.skus().await?);
    let shopping = Shopping::new(skus, 0.0, 2)?;
    let orders = args.orders / 10;
    let before = used(stack).await?;
    let request = move |number: u64| {
        let body = api::body(&shopping.order(number)).unwrap_or_default();
        wire::post("/v1/orders", &guest.token, &format!("cpu-{number}"), &body)
    };
    wire::drive(&authority(stack.api_url())?, IN_FLIGHT, orders, 202, request).await?;
    eventually("the orders to be decided", DECIDED, async || {
        let decided = stack.psql("SELECT count(*) FROM orders").ok()?;
        (decided == orders.to_string()).then_some(())
    })
    .await?;
    let took = used(stack).await? - before;
    Ok(Sample {
        name: "P5",
        what: "time on a processor for an order",
        unit: "ms",
        floor: None,
        system: took.as_secs_f64() * 1000.0 / orders as f64,
        goal: Goal::AtMost(1.0),
    })
}

async fn used(stack: &Stack) -> Result<Duration> {
    let mut used = Duration::ZERO;
    for part in AT_WORK {
        used += usage::cpu(id(stack, part).await?)?;
    }
    Ok(used)
}

/// From its launch until it says that it is ready.
async fn start(stack: &Stack, part: Part) -> Result<Duration> {
    stack.terminate(part).await?;
    let http = reqwest::Client::builder().timeout(READY).build()?;
    let ready = format!("{}/readyz", stack.admin_url(part));
    let begun = Instant::now();
    stack.launch(part).await?;
    loop {
        let answer = http.get(&ready).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(begun.elapsed());
        }
        let late = begun.elapsed() > READY;
        (!late).then_some(()).context("a service that does not start")?;
        sleep(LOOK_AGAIN).await;
    }
}

fn at_rest(part: Part) -> &'static str {
    match part {
        Part::OrderProcessor => "memory of order-processor at rest",
        Part::NotificationHub => "memory of notification-hub at rest",
        Part::RestApi => "memory of rest-api at rest",
        _ => "memory of web-frontend at rest",
    }
}

fn started(part: Part) -> &'static str {
    match part {
        Part::OrderProcessor => "start of order-processor to ready",
        Part::NotificationHub => "start of notification-hub to ready",
        Part::RestApi => "start of rest-api to ready",
        _ => "start of web-frontend to ready",
    }
}
