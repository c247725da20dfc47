//! `waybillctl dead-letters replay|discard`

use std::time::Duration;

use anyhow::{Context, bail};
use chassis::args::NatsArgs;
use messaging::{DeadLetters, PublishError};
use serde_json::json;

use super::{letters, unknown};
use crate::NAME;
use crate::output::Console;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    nats: NatsArgs,

    /// Their numbers in the list.
    #[arg(
        value_name = "NUMBER",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    sequences: Vec<u64>,

    /// Every letter; with --reason every one given up for it.
    #[arg(long)]
    all: bool,

    /// With --all: only those given up for this reason, e.g. attempts_exhausted.
    #[arg(long, value_name = "REASON", requires = "all")]
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Replay,
    Discard,
}

impl Verb {
    fn done(self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Discard => "discarded",
        }
    }

    async fn act(self, letters: &DeadLetters, sequence: u64) -> Result<bool, PublishError> {
        match self {
            Self::Replay => letters.replay(sequence).await,
            Self::Discard => letters.discard(sequence).await,
        }
    }
}

pub(crate) async fn run(
    verb: Verb,
    args: &Args,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let messaging = args.nats.connect(NAME, connecting).await?;
    let dead_letters = DeadLetters::new(messaging);
    let sequences = match args.all {
        true => letters(&dead_letters, args.reason.as_deref())
            .await?
            .iter()
            .map(|letter| letter.sequence)
            .collect(),
        false => args.sequences.clone(),
    };
    let mut done: Vec<u64> = Vec::new();
    for sequence in sequences {
        let found = verb.act(&dead_letters, sequence).await.with_context(|| {
            format!(
                "letter {sequence} is kept, {} before it were {}; run it again",
                done.len(),
                verb.done()
            )
        })?;
        if found {
            done.push(sequence);
        } else if !args.all {
            bail!(
                "{} ({} before it were {})",
                unknown(sequence),
                done.len(),
                verb.done()
            );
        }
    }
    let json = json!({ verb.done(): done });
    console.answer(&json, || match done.len() {
        1 => format!("1 dead letter {}", verb.done()),
        count => format!("{count} dead letters {}", verb.done()),
    })
}
