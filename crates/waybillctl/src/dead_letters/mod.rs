//! `waybillctl dead-letters …`

mod act;

use std::time::Duration;

use anyhow::Context;
use chassis::args::NatsArgs;
use messaging::{DeadLetter, DeadLetters};
use serde_json::{Value, json};

use crate::NAME;
use crate::output::{Console, fields, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List dead letters, oldest first.
    List(List),
    /// Show one with headers and body, which may hold personal data.
    Show(Show),
    /// Publish originals again; do this when the cause is mended.
    Replay(act::Args),
    /// Delete letters for good.
    Discard(act::Args),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    nats: NatsArgs,

    /// Only those given up for this reason, e.g. attempts_exhausted.
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,

    /// The most letters to list.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    nats: NatsArgs,

    /// Its number in the list.
    #[arg(value_name = "NUMBER")]
    sequence: u64,
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list(&args, connecting, console).await,
        Command::Show(args) => show(&args, connecting, console).await,
        Command::Replay(args) => act::run(act::Verb::Replay, &args, connecting, console).await,
        Command::Discard(args) => act::run(act::Verb::Discard, &args, connecting, console).await,
    }
}

/// All letters, or those given up for `reason`.
async fn letters(letters: &DeadLetters, reason: Option<&str>) -> anyhow::Result<Vec<DeadLetter>> {
    let all = letters.list(1, usize::MAX).await?;
    Ok(all
        .into_iter()
        .filter(|letter| reason.is_none_or(|reason| letter.reason == reason))
        .collect())
}

async fn list(args: &List, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let messaging = args.nats.connect(NAME, connecting).await?;
    let mut letters = letters(&DeadLetters::new(messaging), args.reason.as_deref()).await?;
    let more = letters.len().saturating_sub(args.limit);
    letters.truncate(args.limit);
    let json: Vec<Value> = letters.iter().map(outside).collect();
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
        let mut text = table(heading, letters.iter().map(row).collect(), "no dead letters");
        if more > 0 {
            text.push_str(&format!("\n{more} more; raise --limit"));
        }
        text
    })
}

/// What is written on a letter, without what is in it.
fn outside(letter: &DeadLetter) -> Value {
    json!({
        "sequence": letter.sequence, "at": letter.at, "reason": letter.reason, "error": letter.error,
        "subject": letter.subject, "stream": letter.stream, "source_sequence": letter.source_sequence,
        "consumer": letter.consumer, "deliveries": letter.deliveries,
    })
}

async fn show(args: &Show, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let letters = DeadLetters::new(args.nats.connect(NAME, connecting).await?);
    let letter = letters
        .get(args.sequence)
        .await?
        .with_context(|| unknown(args.sequence))?;
    let body = String::from_utf8_lossy(&letter.body);
    let mut json = serde_json::to_value(&letter)?;
    json["body"] = serde_json::from_slice(&letter.body).unwrap_or_else(|_| json!(body));
    console.answer(&json, || {
        let headers = letter
            .headers
            .iter()
            .map(|(name, value)| [name.clone(), value.clone()])
            .collect();
        let about = fields(vec![
            ("number", letter.sequence.to_string()),
            ("given up", letter.at.to_string()),
            ("reason", letter.reason.clone()),
            ("error", letter.error.clone()),
            ("subject", letter.subject.clone()),
            ("from", format!("{} {}", letter.stream, letter.source_sequence)),
            ("consumer", letter.consumer.clone()),
            ("deliveries", letter.deliveries.to_string()),
        ]);
        format!(
            "{about}\n\n{}\n\n{body}",
            table(["header", "value"], headers, "no headers")
        )
    })
}

fn unknown(sequence: u64) -> String {
    format!("there is no dead letter {sequence}; `waybillctl dead-letters list` numbers them")
}
