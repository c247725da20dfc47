//! `waybillctl push send`

use std::time::Duration;

use chassis::clock;
use serde_json::json;
use storage::{NewCampaign, Platform};

use super::content::ContentArgs;
use super::make::{campaign, expression, hand_over, moment, rate};
use crate::NAME;
use crate::args::ServersArgs;
use crate::output::{Console, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    servers: ServersArgs,

    /// Who gets it, a tag expression: '(follows:sku-1 && !country:de) || staff'. '*' means every device.
    #[arg(long, value_name = "EXPRESSION")]
    to: String,

    #[command(flatten)]
    content: ContentArgs,

    /// When it begins (2026-12-24T09:00:00Z), at most a year ahead. Now when not given.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// No more than so many devices a second: 200/s. As fast as the push services take it when not given.
    #[arg(long, value_name = "N/s")]
    rate: Option<String>,

    /// Count the devices by platform and send nothing.
    #[arg(long)]
    dry_run: bool,

    /// Who sends it: the name that is kept with it.
    #[arg(long, env = "WAYBILL_STAFF", value_name = "NAME", default_value = "operator")]
    user: String,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let now = clock::now();
    let (to, clauses) = expression(&args.to)?;
    let rate = args.rate.as_deref().map(rate).transpose()?;
    let at = args.at.as_deref().map(|at| moment(at, now)).transpose()?;
    let content = args.content.read()?;
    let storage = args.servers.database.connect(NAME, connecting).await?;
    let counts = storage.count_matching(&clauses).await?;
    if args.dry_run {
        return tell_counts(&counts, console);
    }
    let messaging = args.servers.nats.connect(NAME, connecting).await?;
    let campaign = NewCampaign {
        expression: to.to_string(),
        rate,
        ..campaign(content, &args.user, at.unwrap_or(now), now)
    };
    hand_over(&campaign, &storage, &messaging).await?;
    let devices: u64 = counts.iter().map(|(_, count)| count).sum();
    let json = json!({ "id": campaign.id, "send_at": campaign.send_at, "expires_at": campaign.expires_at, "devices": devices });
    console.answer(&json, || match at {
        Some(at) => format!(
            "campaign {} begins at {at}; {devices} devices fit now",
            campaign.id
        ),
        None => format!("campaign {} begins; {devices} devices fit", campaign.id),
    })
}

fn tell_counts(counts: &[(Platform, u64)], console: &mut Console<'_>) -> anyhow::Result<()> {
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let by_platform: serde_json::Map<_, _> = counts
        .iter()
        .map(|(platform, count)| (platform.as_str().to_owned(), json!(count)))
        .collect();
    console.answer(&json!({ "devices": total, "platforms": by_platform }), || {
        let mut rows: Vec<_> = counts
            .iter()
            .map(|(platform, count)| [platform.as_str().to_owned(), count.to_string()])
            .collect();
        if !rows.is_empty() {
            rows.push(["all".to_owned(), total.to_string()]);
        }
        table(["platform", "devices"], rows, "no device fits")
    })
}
