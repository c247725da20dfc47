//! `waybillctl queues`

use std::time::Duration;

use chassis::args::NatsArgs;
use chassis::clock;
use jiff::Timestamp;

use crate::connect;
use crate::output::{Console, or_dash, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    nats: NatsArgs,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let queues = connect::nats(&args.nats, connecting).await?.queues().await?;
    let now = clock::now();
    console.answer(&queues, || {
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
