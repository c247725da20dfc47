//! The shop's entry point: it only parses and starts.

use clap::Parser;
use tokio_util::sync::CancellationToken;
use web_frontend::{app, args::Args};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let telemetry = chassis::telemetry::init(&args.service.telemetry)?;
    let listeners = app::Listeners::bind(&args)?;
    app::run(args, listeners, telemetry, CancellationToken::new()).await
}
