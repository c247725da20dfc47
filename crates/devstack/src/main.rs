//! Private servers and services for development and tests.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    devstack::cli::Cli::parse().run().await.unwrap_or_else(|error| {
        // Who closed standard error does not want to know.
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}
