//! `waybillctl topology apply|show|keys|permissions`

mod keys;
mod permissions;

use std::time::Duration;

use chassis::args::NatsArgs;
use messaging::topology;
use serde_json::Value;

use crate::NAME;
use crate::output::{Console, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make every stream and consumer; one that exists with other settings is an error.
    Apply(Apply),
    /// Show what they are meant to be.
    Show,
    /// Make the nkeys by which the server knows its users, where they are missing.
    Keys(keys::Args),
    /// Print what each user may do, as the server's configuration, or compare a file with it.
    Permissions(permissions::Args),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    nats: NatsArgs,

    /// On how many servers each stream is kept: 3 in production.
    #[arg(long, value_name = "N", default_value_t = 1)]
    replicas: usize,
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::Apply(args) => apply(&args, connecting, console).await,
        Command::Show => show(console),
        Command::Keys(args) => keys::run(&args, console),
        Command::Permissions(args) => permissions::run(&args, console),
    }
}

async fn apply(args: &Apply, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let messaging = args.nats.connect(NAME, connecting).await?;
    let applied = topology::apply_replicated(&messaging, args.replicas).await?;
    console.answer(&applied, || {
        let rows = applied
            .iter()
            .map(|one| [one.name.clone(), one.change.to_owned()])
            .collect();
        table(["name", "change"], rows, "nothing to make")
    })
}

fn show(console: &mut Console<'_>) -> anyhow::Result<()> {
    let plan = topology::show();
    console.answer(&plan, || {
        let row = |stream: &Value| {
            let name = words(&stream["name"]);
            let readers = list(&plan["consumers"])
                .filter(|consumer| words(&consumer["stream"]) == name)
                .count();
            [
                name,
                subjects(stream),
                words(&stream["retention"]),
                readers.to_string(),
            ]
        };
        let rows = list(&plan["streams"]).map(row).collect();
        table(
            ["stream", "subjects", "retention", "consumers"],
            rows,
            "no streams",
        )
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn subjects(stream: &Value) -> String {
    let own = list(&stream["subjects"]).map(words);
    let sources = list(&stream["sources"]).map(|source| format!("from {}", words(&source["name"])));
    own.chain(sources).collect::<Vec<_>>().join(", ")
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
