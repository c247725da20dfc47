//! The order processor's entry point: it only parses and starts.

use std::process::ExitCode;

use clap::Parser;
use order_processor::{app, args::Args};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::exit_code(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let telemetry = chassis::telemetry::init(&args.service.telemetry)?;
    let admin = chassis::admin::bind(args.service.admin_listen, "--admin-listen")?;
    app::run(args, admin, telemetry, CancellationToken::new()).await
}
