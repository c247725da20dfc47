//! `waybillctl subscriptions …`

mod read;

use std::time::Duration;

use anyhow::bail;
use chassis::args::NatsArgs;
use messaging::Subscriptions;
use messaging::subscriptions::{Filter, SubscriptionName};
use serde_json::json;

use crate::NAME;
use crate::output::{Console, or_dash, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Subscribe to what happens from now on.
    Add(Add),
    /// List subscriptions and how much waits for them.
    List(List),
    /// End a subscription; what waits for it is not read by anybody.
    Remove(Remove),
    /// Print a subscription's events, one JSON object a line, and settle them.
    Read(read::Args),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    #[command(flatten)]
    nats: NatsArgs,

    /// What to call it: small letters, digits and `-`.
    name: SubscriptionName,

    /// Which events: events.<entity>.<verb>.<id>, with `*` for any one part and `>` for all the rest.
    #[arg(long, value_name = "SUBJECTS", default_value = "events.>")]
    filter: Filter,

    /// Which of them, as a SQL-92 condition, e.g. "state = 'confirmed' AND total.minor >= 10000".
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    nats: NatsArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    nats: NatsArgs,

    /// What it is called.
    name: SubscriptionName,
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::Add(args) => add(&args, connecting, console).await,
        Command::List(args) => list(&args, connecting, console).await,
        Command::Remove(args) => remove(&args, connecting, console).await,
        Command::Read(args) => read::run(&args, connecting, console).await,
    }
}

async fn add(args: &Add, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let subscriptions = Subscriptions::new(args.nats.connect(NAME, connecting).await?);
    let new = subscriptions
        .add(&args.name, &args.filter, args.condition.as_deref())
        .await?;
    let change = if new { "created" } else { "unchanged" };
    let json = json!({ "name": args.name.to_string(), "change": change });
    console.answer(&json, || format!("subscription {} {change}", args.name))
}

async fn list(args: &List, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let subscriptions = Subscriptions::new(args.nats.connect(NAME, connecting).await?);
    let list = subscriptions.list().await?;
    console.answer(&list, || {
        let rows = list.iter().map(|one| {
            [
                one.name.clone(),
                one.filter.clone(),
                one.pending.to_string(),
                one.in_hand.to_string(),
                or_dash(one.condition.as_ref()),
            ]
        });
        let heading = ["name", "filter", "waiting", "in hand", "condition"];
        table(heading, rows.collect(), "no subscriptions")
    })
}

async fn remove(args: &Remove, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let subscriptions = Subscriptions::new(args.nats.connect(NAME, connecting).await?);
    if !subscriptions.remove(&args.name).await? {
        bail!(
            "there is no subscription {}; `waybillctl subscriptions list` names them",
            args.name
        );
    }
    let json = json!({ "removed": args.name.to_string() });
    console.answer(&json, || format!("subscription {} removed", args.name))
}
