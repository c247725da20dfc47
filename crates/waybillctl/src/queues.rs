//! `waybillctl queues`

use std::time::Duration;

use anyhow::bail;
use chassis::args::NatsArgs;
use chassis::clock;
use jiff::Timestamp;
use messaging::queues::{Queue, unread_partitions};
use tokio::time::sleep;

use crate::NAME;
use crate::output::{Console, or_dash, table};

/// How often a partition that nobody seems to read is looked at again: a replica may be between two pulls.
const LOOKS: u32 = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(400);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    nats: NatsArgs,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let messaging = args.nats.connect(NAME, connecting).await?;
    let mut queues = messaging.queues().await?;
    for _ in 0..LOOKS {
        if unread_partitions(&queues).is_empty() {
            break;
        }
        sleep(LOOK_AGAIN).await;
        queues = messaging.queues().await?;
    }
    show(&queues, console)?;
    match unread_partitions(&queues).as_slice() {
        [] => Ok(()),
        unread => bail!(
            "nobody reads {}, while others read the other partitions; give every partition to a replica with --partitions",
            unread.join(", ")
        ),
    }
}

fn show(queues: &[Queue], console: &mut Console<'_>) -> anyhow::Result<()> {
    let now = clock::now();
    console.answer(queues, || {
        let rows = queues.iter().map(|queue| {
            let consumer = or_dash(queue.consumer.as_ref());
            [
                queue.stream.clone(),
                consumer,
                queue.pending.to_string(),
                queue.in_hand.to_string(),
                or_dash(queue.oldest.map(|oldest| age(now, oldest))),
            ]
        });
        table(
            ["stream", "consumer", "waiting", "in hand", "oldest"],
            rows.collect(),
            "no queues; run `waybillctl topology apply`",
        )
    })
}

/// How long ago `then` was, in whole seconds: `75s`.
fn age(now: Timestamp, then: Timestamp) -> String {
    format!("{}s", now.duration_since(then).as_secs().max(0))
}
