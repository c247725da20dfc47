//! The entry point: it only parses and starts.

use std::io::Write;
use std::process::ExitCode;

use bench::{app, args::Args};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match app::run(Args::parse(), &mut std::io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if it can't be written.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
