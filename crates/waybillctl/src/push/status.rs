//! `waybillctl push status`

use std::time::Duration;

use chassis::clock;
use jiff::{SignedDuration, Timestamp};
use messaging::queues::Queue;
use messaging::topology::{self, NOTIFICATIONS, PLATFORMS};
use serde::Serialize;
use storage::{DeliveryCount, PushPlatform};

use crate::NAME;
use crate::args::ServersArgs;
use crate::output::{Console, or_dash, table};

/// What became of pushes is told for so long.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    servers: ServersArgs,
}

/// One push service.
#[derive(Serialize)]
struct Row<'a> {
    platform: &'a str,
    /// Whether the hub pulls pushes for it: it has credentials.
    on: bool,
    /// Since when the service refuses us.
    barred_since: Option<Timestamp>,
    why: Option<&'a str>,
    /// Since when no device is removed, because too many are said to be gone.
    removals_stopped: Option<Timestamp>,
    waiting: u64,
    in_hand: u64,
    /// Messages of campaigns and wishes, each of one push or several.
    bulk_waiting: u64,
    bulk_in_hand: u64,
    oldest: Option<Timestamp>,
    last_hour: Vec<&'a DeliveryCount>,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.servers.database.connect(NAME, connecting).await?;
    let messaging = args.servers.nats.connect(NAME, connecting).await?;
    let (queues, known) = (messaging.queues().await?, storage.push_platforms().await?);
    let counts = storage
        .settled_since(clock::now().saturating_sub(LATELY).unwrap_or(Timestamp::MIN))
        .await?;
    let rows: Vec<_> = PLATFORMS
        .iter()
        .map(|platform| row(platform, &queues, &known, &counts))
        .collect();
    console.answer(&rows, || words(&rows))
}

fn row<'a>(
    platform: &'a str,
    queues: &[Queue],
    known: &'a [PushPlatform],
    counts: &'a [DeliveryCount],
) -> Row<'a> {
    let queue = |name: String| {
        queues
            .iter()
            .find(|queue| queue.stream == NOTIFICATIONS && queue.consumer.as_deref() == Some(name.as_str()))
    };
    let (first, bulk) = (
        queue(topology::sender_consumer(platform)),
        queue(topology::bulk_consumer(platform)),
    );
    let known = known.iter().find(|known| known.platform == platform);
    let oldest = [first, bulk]
        .into_iter()
        .flatten()
        .filter_map(|queue| queue.oldest);
    Row {
        platform,
        on: first.is_some_and(|queue| queue.read == Some(true) || queue.in_hand > 0),
        barred_since: known.and_then(|known| known.barred_since),
        why: known.and_then(|known| known.why.as_deref()),
        removals_stopped: known.and_then(|known| known.removals_stopped),
        waiting: first.map_or(0, |queue| queue.pending),
        in_hand: first.map_or(0, |queue| queue.in_hand),
        bulk_waiting: bulk.map_or(0, |queue| queue.pending),
        bulk_in_hand: bulk.map_or(0, |queue| queue.in_hand),
        oldest: oldest.min(),
        last_hour: counts.iter().filter(|count| count.platform == platform).collect(),
    }
}

fn words(rows: &[Row<'_>]) -> String {
    let cells = rows.iter().map(|row| {
        let lately: Vec<_> = row
            .last_hour
            .iter()
            .map(|count| format!("{} {}", count.count, count.state))
            .collect();
        [
            row.platform.to_owned(),
            standing(row),
            format!("{}+{}", row.waiting, row.in_hand),
            format!("{}+{}", row.bulk_waiting, row.bulk_in_hand),
            or_dash(row.oldest),
            or_dash((!lately.is_empty()).then(|| lately.join(", "))),
        ]
    });
    let heading = [
        "platform",
        "state",
        "waiting",
        "bulk messages",
        "oldest",
        "last hour",
    ];
    let mut text = table(heading, cells.collect(), "no platforms");
    for row in rows {
        if let (Some(since), Some(why)) = (row.barred_since, row.why) {
            text.push_str(&format!("\n{} refuses us since {since}: {why}", row.platform));
        }
        if let Some(since) = row.removals_stopped {
            text.push_str(&format!(
                "\n{}: no device is removed since {since}, because more than 20 % are said to be gone; is it the right environment and project?",
                row.platform
            ));
        }
    }
    text
}

fn standing(row: &Row<'_>) -> String {
    match row {
        Row { on: false, .. } => "nobody sends",
        Row {
            barred_since: Some(_),
            ..
        } => "refused",
        Row {
            removals_stopped: Some(_),
            ..
        } => "removals stopped",
        _ => "on",
    }
    .to_owned()
}
