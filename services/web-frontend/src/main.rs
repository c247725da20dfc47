//! The shop's entry point: it only parses and starts.

use std::process::ExitCode;

use chassis::http::Listeners;
use clap::Parser;
use tokio_util::sync::CancellationToken;
use web_frontend::{app, args::Args};

#[tokio::main]
async fn main() -> ExitCode {
    chassis::exit_code(run(Args::parse()).await)
}

async fn run(args: Args) -> anyhow::Result<()> {
    let telemetry = chassis::telemetry::init(&args.service.telemetry)?;
    let listeners = Listeners::bind(args.listen, args.service.admin_listen)?;
    app::run(args, listeners, telemetry, CancellationToken::new()).await
}
