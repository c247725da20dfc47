//! `waybillctl push campaigns`

use std::time::Duration;

use chassis::args::DatabaseArgs;

use crate::NAME;
use crate::output::{Console, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,

    /// The most campaigns to list.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let campaigns = storage.campaigns(args.limit).await?;
    console.answer(&campaigns, || {
        let rows = campaigns.iter().map(|campaign| {
            let queued: u64 = campaign.queued.values().sum();
            [
                campaign.what.id.to_string(),
                campaign.state.as_str().to_owned(),
                campaign.what.send_at.to_string(),
                queued.to_string(),
                campaign.what.expression.clone(),
                campaign.what.text.title.clone(),
            ]
        });
        let heading = ["campaign", "state", "begins", "queued", "to", "title"];
        table(heading, rows.collect(), "no campaigns")
    })
}
