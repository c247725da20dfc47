//! `waybillctl subscriptions read`

use std::time::Duration;

use chassis::args::NatsArgs;
use messaging::subscriptions::{Reader, SubscriptionError, SubscriptionName};
use messaging::{PublishError, Subscriptions};

use crate::NAME;
use crate::output::Console;

/// The most events read at once.
const BATCH: usize = 100;
/// How long a read waits for the first one, while it follows.
const WAIT: Duration = Duration::from_secs(5);
const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    nats: NatsArgs,

    /// What it is called.
    name: SubscriptionName,

    /// Go on and print what comes, until interrupted.
    #[arg(long)]
    follow: bool,

    /// Print at most so many events. Without it: all that wait.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let subscriptions = Subscriptions::new(args.nats.connect(NAME, connecting).await?);
    let mut reader = subscriptions.read(&args.name).await?;
    let mut left = args.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let printed = match print(&mut reader, left, args.follow, console).await {
            Ok(0) if !args.follow => return Ok(()),
            Ok(printed) => printed,
            // It comes again: the server was away for a moment.
            Err(error) if args.follow && is_passing(&error) => {
                tokio::time::sleep(RETRY_PAUSE).await;
                0
            }
            Err(error) => return Err(error),
        };
        left -= printed;
    }
    Ok(())
}

/// Prints at most `most` events and settles each after it was printed; gives how many.
async fn print(
    reader: &mut Reader,
    most: usize,
    follow: bool,
    console: &mut Console<'_>,
) -> anyhow::Result<usize> {
    let wait = if follow { WAIT } else { Duration::ZERO };
    let received = reader.receive(most.min(BATCH), wait).await?;
    let printed = received.len();
    for one in received {
        console.line(&one.event.to_json())?;
        one.done().await?;
    }
    Ok(printed)
}

fn is_passing(error: &anyhow::Error) -> bool {
    let server = match error.downcast_ref::<SubscriptionError>() {
        Some(SubscriptionError::Server(error)) => Some(error),
        Some(_) => None,
        None => error.downcast_ref::<PublishError>(),
    };
    matches!(server, Some(PublishError::Unknown(_)))
}
