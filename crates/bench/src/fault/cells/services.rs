//! The services die, are rolled, stand still.

use std::time::Duration;

use anyhow::{Context, Result};
use devstack::proxy::Proxy;
use devstack::stack::Replica;
use devstack::{Part, Stack};
use nix::sys::signal::Signal;
use rand::RngExt;
use tokio::time::Instant;

use super::stack_with;
use crate::fault::browse::{Visitor, Visits};
use crate::fault::customer::Customer;
use crate::fault::{Drill, Outcome, Settings};

/// Within which a killed service must be ready again.
const READY_AGAIN: Duration = Duration::from_secs(10);
/// How long a balancer takes to lead new connections elsewhere.
const LED_ELSEWHERE: Duration = Duration::from_secs(1);
const ROUNDS: u32 = 3;
/// Between two deaths, on average.
const LIFE: Duration = Duration::from_millis(1500);
const STOP_PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn kill(part: Part, settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(LIFE * settings.kills * 2);
    let drill = Drill::start(stack_with(&[part])?, settings)
        .await?
        .mortal(&[part]);
    let customer = match part {
        Part::NotificationHub => Some(Customer::new(&drill).await?),
        _ => None,
    };
    let deaths = async |drill: &Drill| {
        let (mut random, mut slowest) = (drill.random(), Duration::ZERO);
        for _ in 0..settings.kills {
            drill.hold(LIFE.mul_f64(random.random_range(0.1..1.9))).await;
            if let Some(customer) = &customer {
                customer.order(drill).await;
            }
            drill.stack.kill(part).await?;
            let killed = Instant::now();
            drill.stack.start_part(part).await?;
            slowest = slowest.max(killed.elapsed());
        }
        drill.note(format!(
            "{} deaths, ready again after at most {slowest:.1?}",
            settings.kills
        ));
        drill.must(slowest < READY_AGAIN, || {
            format!("{part} was ready again only after {slowest:?}")
        });
        match &customer {
            Some(customer) => customer.was_told(drill).await,
            None => Ok(()),
        }
    };
    drill.under_load(deaths).await
}

/// Two replicas, stopped in order one after the other behind a balancer, which first leads new connections to the other.
pub(super) async fn roll(part: Part, settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(ROUNDS * LED_ELSEWHERE * 8);
    let drill = Drill::start(stack_with(&[part])?, settings)
        .await?
        .mortal(&[part])
        .seamless();
    let first = match part {
        Part::RestApi => Some(port(drill.stack.api_url())?),
        Part::WebFrontend => Some(port(drill.stack.web_url())?),
        _ => None,
    };
    let balancer = match first {
        Some(port) => Some(Proxy::start(port).await?),
        None => None,
    };
    let door = balancer
        .as_ref()
        .map(|balancer| format!("http://localhost:{}", balancer.port()));
    let drill = match (part, &door) {
        (Part::RestApi, Some(door)) => drill.through(door.clone()),
        _ => drill,
    };
    let visits = Visits::default();
    let rolling = async |drill: &Drill| {
        let mut second = drill.stack.replica(part).await?;
        let rounds = async {
            for _ in 0..ROUNDS {
                round(drill, part, &mut second, balancer.as_ref().zip(first)).await?;
            }
            Ok(())
        };
        match (part, &door) {
            (Part::WebFrontend, Some(door)) => {
                let visitor = Visitor::new(door)?;
                tokio::select! {
                    done = rounds => done,
                    never = visitor.keep_visiting(&visits) => never,
                }
            }
            _ => rounds.await,
        }
    };
    let mut outcome = drill.under_load(rolling).await?;
    visits.judge(&mut outcome);
    Ok(outcome)
}

/// Each of the two once.
async fn round(
    drill: &Drill,
    part: Part,
    second: &mut Replica,
    balancer: Option<(&Proxy, u16)>,
) -> Result<()> {
    lead(
        drill,
        balancer.map(|(balancer, _)| balancer),
        port(&second.url())?,
    )
    .await;
    let ended = drill.stack.terminate(part).await?;
    drill.must(ended.is_some_and(|status| status.success()), || {
        format!("{part} did not end in order: {ended:?}")
    });
    drill.stack.start_part(part).await?;
    if let Some((balancer, first)) = balancer {
        lead(drill, Some(balancer), first).await;
    }
    let ended = second.server.stop(STOP_PATIENCE).await;
    drill.must(ended.is_some_and(|status| status.success()), || {
        format!("a replica of {part} did not end in order: {ended:?}")
    });
    second.server.start().await
}

async fn lead(drill: &Drill, balancer: Option<&Proxy>, port: u16) {
    if let Some(balancer) = balancer {
        balancer.lead_to(port);
        drill.hold(LED_ELSEWHERE).await;
    }
}

fn port(url: &str) -> Result<u16> {
    let (_, port) = url.rsplit_once(':').context("an address without a port")?;
    Ok(port.parse()?)
}

/// One of two processors stands still, with work in hand, and goes on when its work was done by the other.
pub(super) async fn frozen(settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(settings.long * 2);
    let drill = Drill::start(stack_with(&[])?, settings)
        .await?
        .mortal(&[Part::OrderProcessor]);
    let still = async |drill: &Drill| {
        let standby = drill.stack.replica(Part::OrderProcessor).await?;
        drill.stack.signal(Part::OrderProcessor, Signal::SIGSTOP).await?;
        drill.hold(settings.long).await;
        let waiting = undecided(&drill.stack)?;
        drill.stack.signal(Part::OrderProcessor, Signal::SIGCONT).await?;
        drill.note(format!("stored while it stood still: {waiting}"));
        drill.hold(settings.brief() / 2).await;
        drop(standby);
        Ok(())
    };
    drill.under_load(still).await
}

fn undecided(stack: &Stack) -> Result<String> {
    stack.psql("SELECT count(*) FROM orders")
}
