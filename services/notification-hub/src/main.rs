//! The notification hub's entry point: it only parses and starts.

use std::process::ExitCode;

use clap::Parser;
use notification_hub::{app, args::HubArgs};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::exit_code(run(HubArgs::parse()).await)
}

async fn run(args: HubArgs) -> anyhow::Result<()> {
    let telemetry = chassis::telemetry::init(&args.service.telemetry)?;
    let admin = chassis::admin::bind(args.service.admin_listen, "--admin-listen")?;
    app::run(args, admin, telemetry, CancellationToken::new()).await
}
