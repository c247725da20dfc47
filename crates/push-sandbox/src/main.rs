//! The push sandbox as a program.

use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    push_sandbox::app::run(push_sandbox::args::Args::parse()).await
}
