//! `waybillctl dead-letters …`

mod act;
mod pace;
mod show;
mod which;

use std::time::Duration;

use chassis::args::NatsArgs;
use messaging::{DeadLetter, DeadLetters};
use serde_json::{Value, json};

use crate::NAME;
use crate::output::{Console, table};
use which::Filters;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List dead letters, oldest first.
    List(List),
    /// Show one with headers, body (which may hold personal data) and its earlier deaths.
    Show(show::Show),
    /// Publish originals again; do this when the cause is mended. Broken off, it can be run again.
    Replay(act::Replay),
    /// Delete letters for good.
    Discard(act::Discard),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    nats: NatsArgs,

    #[command(flatten)]
    filters: Filters,

    /// From this number on: the next page begins one after the last.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from: u64,

    /// The most letters to list.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list(&args, connecting, console).await,
        Command::Show(args) => show::show(&args, connecting, console).await,
        Command::Replay(args) => act::replay(&args, connecting, console).await,
        Command::Discard(args) => act::discard(&args, connecting, console).await,
    }
}

async fn list(args: &List, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let letters = DeadLetters::new(args.nats.connect(NAME, connecting).await?);
    let wanted = args.filters.letters(args.from);
    let mut found = letters.find(&wanted, args.limit.saturating_add(1)).await?;
    let next = found.get(args.limit).map(|letter| letter.sequence);
    found.truncate(args.limit);
    let json: Vec<Value> = found.iter().map(outside).collect();
    console.answer(&json, || {
        let row = |letter: &DeadLetter| {
            [
                letter.sequence.to_string(),
                letter.at.to_string(),
                letter.reason.clone(),
                letter.subject.clone(),
                letter.deliveries.to_string(),
                letter.error.clone(),
            ]
        };
        let heading = ["number", "given up", "reason", "subject", "deliveries", "error"];
        let mut text = table(heading, found.iter().map(row).collect(), "no dead letters");
        if let Some(next) = next {
            text.push_str(&format!("\nthere are more: --from {next}"));
        }
        text
    })
}

/// What is written on a letter, without what is in it.
fn outside(letter: &DeadLetter) -> Value {
    json!({
        "sequence": letter.sequence, "at": letter.at, "reason": letter.reason, "error": letter.error,
        "subject": letter.subject, "stream": letter.stream, "source_sequence": letter.source_sequence,
        "consumer": letter.consumer, "deliveries": letter.deliveries, "replay_of": letter.replay_of,
    })
}

fn unknown(sequence: u64) -> String {
    format!("there is no dead letter {sequence}; `waybillctl dead-letters list` numbers them")
}
