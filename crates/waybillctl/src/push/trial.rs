//! `waybillctl push test`: a text to one device, or to some at random.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::clock;
use domain::InstallationId;
use domain::tags::Clause;
use serde_json::json;
use storage::{NewCampaign, Storage};

use super::content::ContentArgs;
use super::make::{campaign, expression, hand_over};
use crate::NAME;
use crate::args::ServersArgs;
use crate::output::Console;

/// Devices that are read at once to choose among them.
const PAGE: u32 = 1_000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    servers: ServersArgs,

    #[command(flatten)]
    whom: Whom,

    /// Among whom, a tag expression; every device when not given.
    #[arg(
        long,
        value_name = "EXPRESSION",
        default_value = "*",
        conflicts_with = "device"
    )]
    to: String,

    #[command(flatten)]
    content: ContentArgs,

    /// Who sends it: the name that is kept with it.
    #[arg(long, env = "WAYBILL_STAFF", value_name = "NAME", default_value = "operator")]
    user: String,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// This device: its installation's id.
    #[arg(long, value_name = "ID")]
    device: Option<InstallationId>,

    /// So many devices at random, 100 at most.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "10", value_parser = clap::value_parser!(u16).range(1..=100))]
    random: Option<u16>,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let (to, clauses) = expression(&args.to)?;
    let content = args.content.read()?;
    let storage = args.servers.database.connect(NAME, connecting).await?;
    let devices = match args.whom.device {
        Some(device) => {
            let found = storage.installation(device).await?;
            vec![
                found
                    .with_context(|| format!("there is no active device {device}"))?
                    .id,
            ]
        }
        None => choose(&storage, &clauses, usize::from(args.whom.random.unwrap_or(1))).await?,
    };
    ensure!(!devices.is_empty(), "no device fits {to}");
    let messaging = args.servers.nats.connect(NAME, connecting).await?;
    let now = clock::now();
    let campaign = NewCampaign {
        expression: to.to_string(),
        devices: Some(devices.clone()),
        ..campaign(content, &args.user, now, now)
    };
    hand_over(&campaign, &storage, &messaging).await?;
    console.answer(&json!({ "id": campaign.id, "devices": devices }), || {
        let lines = devices.iter().map(|device| format!("\n  {device}"));
        format!("test {} goes to{}", campaign.id, lines.collect::<String>())
    })
}

/// `count` of the devices that fit, each as likely as any other: those whose hash with a random number is smallest.
async fn choose(storage: &Storage, clauses: &[Clause], count: usize) -> anyhow::Result<Vec<InstallationId>> {
    let salt = clock::random_bytes::<16>();
    let mut chosen = BTreeSet::new();
    let mut after = None;
    loop {
        let page = storage.installations_matching(clauses, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for device in &page {
            let mut hasher = DefaultHasher::new();
            (salt, device.id.0).hash(&mut hasher);
            chosen.insert((hasher.finish(), device.id));
            if chosen.len() > count {
                chosen.pop_last();
            }
        }
    }
    Ok(chosen.into_iter().map(|(_, id)| id).collect())
}
