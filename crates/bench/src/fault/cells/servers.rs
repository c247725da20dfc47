//! The servers die, leave, stand still.

use std::time::Duration;

use anyhow::Result;
use devstack::Part;
use nix::sys::signal::Signal;
use rand::RngExt;

use super::stack_with;
use crate::Answer;
use crate::fault::{Drill, Outcome, Settings, flush_redis};

/// How long Redis may keep what it was told.
const EMPTIED_EVERY: Duration = Duration::from_millis(200);
const RESTARTS: u32 = 10;

/// Without the broker nothing is accepted, and it is said when to come again.
pub(super) async fn nats_killed(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let away = async |drill: &Drill| {
        drill.stack.kill(Part::Nats).await?;
        drill.hold(settings.brief() / 2).await;
        match drill.probe().await {
            Answer::Refused {
                status: 503,
                retry_after: Some(_),
                ..
            } => {}
            other => drill.broken(format!(
                "an order without NATS: not 503 with Retry-After but {other:?}"
            )),
        }
        drill.hold(settings.brief() / 2).await;
        drill.stack.start_part(Part::Nats).await
    };
    drill.under_load(away).await
}

pub(super) async fn nats_ten_times(settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(settings.long * 3);
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let restarts = async |drill: &Drill| {
        let mut random = drill.random();
        for _ in 0..RESTARTS {
            drill.stack.kill(Part::Nats).await?;
            drill.stack.start_part(Part::Nats).await?;
            let pause = settings.long / RESTARTS * 2;
            drill.hold(pause.mul_f64(random.random_range(0.3..1.2))).await;
        }
        Ok(())
    };
    drill.under_load(restarts).await
}

pub(super) async fn postgres_killed(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let killed = async |drill: &Drill| {
        drill.stack.kill(Part::Postgres).await?;
        drill.stack.start_part(Part::Postgres).await
    };
    drill.under_load(killed).await
}

/// Without the database orders are still accepted.
pub(super) async fn postgres_away(settings: Settings) -> Result<Outcome> {
    let settings = settings.lasting(settings.long * 2);
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let away = async |drill: &Drill| {
        drill.stack.terminate(Part::Postgres).await?;
        drill.hold(settings.long / 2).await;
        accepts(drill, "Postgres").await;
        drill.hold(settings.long / 2).await;
        drill.stack.start_part(Part::Postgres).await
    };
    drill.under_load(away).await
}

/// Without the cache shoppers still order.
pub(super) async fn redis_away(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let away = async |drill: &Drill| {
        drill.stack.kill(Part::Redis).await?;
        drill.hold(settings.brief() / 2).await;
        accepts(drill, "Redis").await;
        drill.hold(settings.brief() / 2).await;
        drill.stack.start_part(Part::Redis).await
    };
    drill.under_load(away).await
}

pub(super) async fn redis_emptied(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let emptied = async |drill: &Drill| {
        let times = settings.brief().div_duration_f64(EMPTIED_EVERY).ceil();
        for _ in 0..times as u32 {
            flush_redis(&drill.stack).await?;
            drill.hold(EMPTIED_EVERY).await;
        }
        accepts(drill, "what Redis knew").await;
        Ok(())
    };
    drill.under_load(emptied).await
}

pub(super) async fn redis_frozen(settings: Settings) -> Result<Outcome> {
    let drill = Drill::start(stack_with(&[])?, settings).await?;
    let frozen = async |drill: &Drill| {
        drill.stack.signal(Part::Redis, Signal::SIGSTOP).await?;
        drill.hold(settings.brief() / 2).await;
        accepts(drill, "an answer of Redis").await;
        drill.hold(settings.brief() / 2).await;
        drill.stack.signal(Part::Redis, Signal::SIGCONT).await
    };
    drill.under_load(frozen).await
}

/// An order is accepted now, at the first try.
pub(super) async fn accepts(drill: &Drill, without: &str) {
    let answer = drill.probe().await;
    drill.must(matches!(answer, Answer::Accepted { .. }), || {
        format!("an order without {without} is not accepted: {answer:?}")
    });
}
