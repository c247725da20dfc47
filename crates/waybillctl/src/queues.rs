//! `waybillctl queues`

use std::time::Duration;

use anyhow::bail;
use chassis::args::NatsArgs;
use chassis::clock;
use jiff::Timestamp;
use messaging::queues::{Queue, Replicas, Uneven, uneven_partitions, unread_partitions};
use tokio::time::sleep;

use crate::NAME;
use crate::output::{Console, or_dash, table};

/// How often partitions whose replicas seem wrong are looked at again: a replica may be between two pulls, or just come or go.
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
        if unread_partitions(&queues).is_empty() && uneven_partitions(&queues).is_none() {
            break;
        }
        sleep(LOOK_AGAIN).await;
        queues = messaging.queues().await?;
    }
    show(&queues, console)?;
    match unread_partitions(&queues).as_slice() {
        [] => {}
        unread => bail!(
            "nobody reads {}, while others read the other partitions; give every partition to a replica with --partitions",
            unread.join(", ")
        ),
    }
    match uneven_partitions(&queues) {
        None => Ok(()),
        Some(Uneven {
            consumers,
            fewer,
            most,
        }) => bail!(
            "no more than {fewer} read {}, while {most} read others: shares of --partitions overlap in part, so that these have fewer that stand by; \
             give every partition to as many replicas",
            consumers.join(", ")
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
                or_dash(queue.replicas.as_ref().map(|replicas| at_it(now, replicas))),
            ]
        });
        table(
            ["stream", "consumer", "waiting", "in hand", "oldest", "replicas"],
            rows.collect(),
            "no queues; run `waybillctl topology apply`",
        )
    })
}

/// `2, one has it for 75s`
fn at_it(now: Timestamp, replicas: &Replicas) -> String {
    let has = replicas.pin.as_ref().and(replicas.since);
    match has {
        // The one that has it may be between two pulls.
        Some(since) => format!("{}, one has it for {}", replicas.pulls.max(1), age(now, since)),
        None => replicas.pulls.to_string(),
    }
}

/// How long ago `then` was, in whole seconds: `75s`.
fn age(now: Timestamp, then: Timestamp) -> String {
    format!("{}s", now.duration_since(then).as_secs().max(0))
}
