//! The operator's command's entry point: it only parses, runs and reports.

use std::process::ExitCode;

use clap::Parser;
use waybillctl::{Args, run};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    match Box::pin(run(args, &mut std::io::stdout())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if waybillctl::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            waybillctl::complain(&error);
            ExitCode::FAILURE
        }
    }
}
