//! `waybillctl reconcile`

mod compare;

use std::collections::HashSet;
use std::time::Duration;

use anyhow::bail;
use domain::OrderId;
use messaging::topology::{AUDIT, EVENTS, ORDERS};
use messaging::{DeadLetters, Messaging};
use serde_json::json;
use storage::Storage;
use tokio::time::sleep;

use crate::NAME;
use crate::args::ServersArgs;
use crate::output::{Console, or_dash, table};
use compare::{Difference, Look};

/// Before a second look: what was on its way has arrived, and what is sourced was copied.
const SECOND_LOOK: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    servers: ServersArgs,

    /// Publish what is missing, under the same ids.
    #[arg(long)]
    heal: bool,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.servers.database.connect(NAME, connecting).await?;
    let messaging = args.servers.nats.connect(NAME, connecting).await?;
    let (look, differences) = agreed(&storage, &messaging).await?;
    let mut healed = 0;
    for event in differences
        .iter()
        .filter_map(|difference| difference.event.as_ref())
    {
        if args.heal {
            messaging.tell_again(event).await?;
            healed += 1;
        }
    }
    let answer = json!({
        "versions": look.history.len(), "events": look.events.events.len(), "audited": look.audit.events.len(),
        "waiting": look.waiting.len(), "waiting_handled": look.handled(),
        "differences": differences, "healed": healed,
    });
    console.answer(&answer, || {
        let rows = differences.iter().map(row).collect();
        table(
            ["order", "version", "became", "difference"],
            rows,
            "store and streams agree",
        )
    })?;
    match differences.len() - healed {
        0 => Ok(()),
        left if args.heal => bail!("{left} differences can't be healed by publishing"),
        left => bail!("{left} differences; `--heal` publishes what is missing"),
    }
}

fn row(difference: &Difference) -> [String; 4] {
    let became = difference.event.as_ref().map(domain::OrderEvent::verb);
    [
        difference.order.to_string(),
        difference.version.0.to_string(),
        or_dash(became),
        difference.what.words().into(),
    ]
}

/// What two looks find, where the first finds anything: between two reads of one look things move.
async fn agreed(storage: &Storage, messaging: &Messaging) -> anyhow::Result<(Look, Vec<Difference>)> {
    let first = look(storage, messaging).await?;
    let mut differences = first.differences();
    if differences.is_empty() {
        return Ok((first, differences));
    }
    sleep(SECOND_LOOK).await;
    let second = look(storage, messaging).await?;
    let again = second.differences();
    differences.retain(|difference| again.contains(difference));
    Ok((second, differences))
}

/// The store first: what it holds and no command reminds of was published before.
async fn look(storage: &Storage, messaging: &Messaging) -> anyhow::Result<Look> {
    let at = chassis::clock::now();
    let steps = storage.audit().await?.history.into_iter();
    Ok(Look {
        at,
        history: steps.map(|step| (step.command.to_string(), step.event)).collect(),
        waiting: messaging.waiting().await?,
        given_up: given_up(messaging).await?,
        events: messaging.told(EVENTS).await?,
        audit: messaging.told(AUDIT).await?,
    })
}

/// The orders of which a command is a dead letter.
async fn given_up(messaging: &Messaging) -> anyhow::Result<HashSet<OrderId>> {
    let letters = DeadLetters::new(messaging.clone()).list(1, usize::MAX).await?;
    let orders = letters.iter().filter(|letter| letter.stream == ORDERS);
    Ok(orders
        .filter_map(|letter| letter.subject.rsplit('.').next()?.parse().ok())
        .collect())
}
