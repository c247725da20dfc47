//! The REST API's entry point: it only parses and starts.

use clap::Parser;
use rest_api::{app, args::Args};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let telemetry = chassis::telemetry::init(&args.service.telemetry)?;
    let listeners = app::Listeners::bind(&args)?;
    app::run(args, listeners, telemetry, CancellationToken::new()).await
}
