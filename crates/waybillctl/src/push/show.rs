//! `waybillctl push show` and `push cancel`: one campaign.

use std::time::Duration;

use anyhow::{Context, bail};
use chassis::args::DatabaseArgs;
use chassis::clock;
use messaging::Schedules;
use messaging::schedules::ScheduleId;
use serde::Serialize;
use serde_json::json;
use storage::{Campaign, DeliveryCount, Storage};
use uuid::Uuid;

use crate::NAME;
use crate::args::ServersArgs;
use crate::output::{Console, fields, or_dash, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Which campaign.
    #[arg(value_name = "CAMPAIGN")]
    id: Uuid,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    servers: ServersArgs,

    /// Which campaign.
    #[arg(value_name = "CAMPAIGN")]
    id: Uuid,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    campaign: &'a Campaign,
    deliveries: &'a [DeliveryCount],
}

async fn find(storage: &Storage, id: Uuid) -> anyhow::Result<Campaign> {
    let found = storage.campaign(id).await?;
    found.with_context(|| format!("there is no campaign {id}; `waybillctl push campaigns` lists them"))
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let campaign = find(&storage, args.id).await?;
    let deliveries = storage
        .campaign_deliveries(args.id, campaign.what.send_at)
        .await?;
    let shown = Shown {
        campaign: &campaign,
        deliveries: &deliveries,
    };
    console.answer(&shown, || words(&campaign, &deliveries))
}

fn words(campaign: &Campaign, deliveries: &[DeliveryCount]) -> String {
    let what = &campaign.what;
    let queued: Vec<_> = campaign
        .queued
        .iter()
        .map(|(platform, count)| format!("{platform} {count}"))
        .collect();
    let to = match &what.devices {
        Some(devices) => format!("{} devices of {}, a test", devices.len(), what.expression),
        None => what.expression.clone(),
    };
    let mut rows = vec![
        ("campaign", what.id.to_string()),
        ("state", campaign.state.as_str().to_owned()),
        ("to", to),
        ("title", what.text.title.clone()),
        ("body", what.text.body.clone()),
        ("made", format!("{} by {}", what.created_at, what.created_by)),
        ("begins", what.send_at.to_string()),
        ("ends", what.expires_at.to_string()),
        ("rate", or_dash(what.rate.map(|rate| format!("{rate}/s")))),
        ("began", or_dash(campaign.started_at)),
        ("finished", or_dash(campaign.finished_at)),
        ("queued", or_dash((!queued.is_empty()).then(|| queued.join(", ")))),
        ("left out", campaign.left_out.to_string()),
    ];
    if let Some(why) = &campaign.why {
        rows.push(("why", why.clone()));
    }
    let counts = deliveries.iter().map(|count| {
        [
            count.platform.clone(),
            count.state.clone(),
            count.count.to_string(),
        ]
    });
    let counts = table(["platform", "state", "pushes"], counts.collect(), "no pushes yet");
    format!("{}\n\n{counts}", fields(rows))
}

pub(crate) async fn cancel(
    args: &CancelArgs,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let storage = args.servers.database.connect(NAME, connecting).await?;
    let campaign = find(&storage, args.id).await?;
    let messaging = args.servers.nats.connect(NAME, connecting).await?;
    if !storage.cancel_campaign(args.id, clock::now()).await? {
        bail!(
            "campaign {} is {} already",
            args.id,
            find(&storage, args.id).await?.state.as_str()
        );
    }
    // The hub looks at the row; what is scheduled would only come to nothing.
    let name: ScheduleId = args.id.to_string().parse()?;
    Schedules::new(messaging).cancel_for_operator(&name).await?;
    let queued: u64 = campaign.queued.values().sum();
    let json = json!({ "id": args.id, "was": campaign.state, "queued": queued });
    console.answer(&json, || {
        format!(
            "campaign {} is cancelled; {queued} pushes were queued, those not sent yet are dropped",
            args.id
        )
    })
}
