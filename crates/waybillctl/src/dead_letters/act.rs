//! `waybillctl dead-letters replay|discard`

use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chassis::args::NatsArgs;
use messaging::{DeadLetters, PublishError};
use serde_json::json;

use super::pace::Pace;
use super::unknown;
use super::which::Which;
use crate::NAME;
use crate::output::Console;

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    nats: NatsArgs,

    #[command(flatten)]
    which: Which,

    /// At most so many a second. As fast as it goes when not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Discard {
    #[command(flatten)]
    nats: NatsArgs,

    #[command(flatten)]
    which: Which,

    /// Yes, more than one.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
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

    async fn act(self, letters: &DeadLetters, number: u64) -> Result<bool, PublishError> {
        match self {
            Self::Replay => letters.replay(number).await,
            Self::Discard => letters.discard(number).await,
        }
    }
}

pub(crate) async fn replay(
    args: &Replay,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let found = Found::of(&args.which, &args.nats, connecting).await?;
    found.each(Verb::Replay, args.rate, console).await
}

pub(crate) async fn discard(
    args: &Discard,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let found = Found::of(&args.which, &args.nats, connecting).await?;
    let count = found.numbers.len();
    ensure!(
        args.yes || count < 2,
        "this would discard {count} dead letters for good; say --yes if it should"
    );
    found.each(Verb::Discard, None, console).await
}

/// The letters that something is to be done to, as they were when it began: what dies meanwhile is not among them.
struct Found {
    letters: DeadLetters,
    numbers: Vec<u64>,
    /// Given by hand, so that each must be there.
    named: bool,
}

impl Found {
    async fn of(which: &Which, nats: &NatsArgs, connecting: Duration) -> anyhow::Result<Self> {
        let wanted = which.letters()?;
        let letters = DeadLetters::new(nats.connect(NAME, connecting).await?);
        let (numbers, named) = match wanted {
            Some(wanted) => (letters.numbers(&wanted).await?, false),
            None => (which.numbers.clone(), true),
        };
        Ok(Self {
            letters,
            numbers,
            named,
        })
    }

    /// Does it to one after the other. Broken off anywhere, it can be run again: what was done is gone.
    async fn each(self, verb: Verb, rate: Option<u32>, console: &mut Console<'_>) -> anyhow::Result<()> {
        let mut pace = Pace::new(rate, self.numbers.len(), verb.done());
        let mut interrupt = pin!(tokio::signal::ctrl_c());
        let mut done: Vec<u64> = Vec::new();
        let mut broken_off = false;
        for &number in &self.numbers {
            tokio::select! {
                biased;
                _ = &mut interrupt => { broken_off = true; break }
                () = pace.wait(done.len(), number) => {}
            }
            let so_far = || format!("{} before it were {}", done.len(), verb.done());
            let found = verb.act(&self.letters, number).await;
            let found =
                found.with_context(|| format!("letter {number} is kept, {}; run it again", so_far()))?;
            if found {
                done.push(number);
            } else if self.named {
                bail!("{} ({})", unknown(number), so_far());
            }
        }
        console.answer(&json!({ verb.done(): done }), || match done.len() {
            1 => format!("1 dead letter {}", verb.done()),
            count => format!("{count} dead letters {}", verb.done()),
        })?;
        ensure!(!broken_off, "broken off; run it again for the rest");
        Ok(())
    }
}
