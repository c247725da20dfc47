//! `devstack down`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::{Signal, kill};

use super::folder::FolderArgs;
use super::lock::holder;
use super::terminal::line;

/// Longer than all parts together may take.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    folder: FolderArgs,
}

pub(super) async fn run(args: Args) -> Result<ExitCode> {
    let folder = args.folder.resolve()?.used;
    let Some(id) = holder(&folder)? else {
        line(&format!("No stack runs in {}.", folder.display()));
        return Ok(ExitCode::SUCCESS);
    };
    line(&format!(
        "Stopping the stack in {} (process {id}).",
        folder.display()
    ));
    kill(id, Signal::SIGTERM)?;
    let deadline = Instant::now() + PATIENCE;
    while holder(&folder)? == Some(id) {
        if Instant::now() > deadline {
            bail!(
                "it did not stop within {} s; its log is {}",
                PATIENCE.as_secs(),
                folder.join("up.log").display()
            );
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    line("Stopped.");
    Ok(ExitCode::SUCCESS)
}
