//! The REST API's entry point: it only parses and starts.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use rest_api::{app, args::Args};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line for the operator, whatever the log's filter; nobody is left to tell if it can't be written.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let telemetry = chassis::telemetry::init(&args.service.telemetry)?;
    let listeners = app::Listeners::bind(&args)?;
    app::run(args, listeners, telemetry, CancellationToken::new()).await
}
