//! Entry: parses the command line, starts telemetry, runs the hub.

use clap::Parser;
use notification_hub::app;
use notification_hub::args::HubArgs;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = HubArgs::parse();
    let telemetry = chassis::telemetry::init(&args.service.telemetry)?;
    let admin = chassis::admin::bind(args.service.admin_listen, "--admin-listen")?;
    app::run(args, admin, telemetry, CancellationToken::new()).await
}
