//! `waybillctl migrate`

use std::time::Duration;

use chassis::args::DatabaseArgs;
use chassis::connect::retry;
use chassis::servers::storage_failure;
use serde_json::json;
use storage::Storage;

use crate::output::Console;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(crate) async fn run(args: &Args, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let url = &args.database.database_url;
    let applied = retry("Postgres", connecting, async || {
        Storage::migrate(url).await.map_err(storage_failure)
    })
    .await?;
    console.answer(&json!({ "applied": applied }), || match applied.as_slice() {
        [] => "the schema is up to date".to_owned(),
        names => format!("applied {}", names.join(", ")),
    })
}
