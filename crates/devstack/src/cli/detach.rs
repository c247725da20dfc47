//! `devstack up --detach`: another process keeps the stack; this one shows its progress until it is ready.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::folder::Folder;
use super::lock::Lock;
use super::up::Args;

const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(super) async fn run(args: &Args, folder: &Folder) -> Result<ExitCode> {
    // Fails when a stack runs here already; given back at once for the process that stays.
    drop(Lock::take(&folder.used)?);
    let (ready, log) = (ready_file(&folder.used), folder.used.join("up.log"));
    if ready.exists() {
        std::fs::remove_file(&ready).with_context(|| format!("cannot remove {}", ready.display()))?;
    }
    let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut child = Command::new(std::env::current_exe()?)
        .args([
            "up",
            "--in-background",
            "--port-offset",
            &args.port_offset.to_string(),
            "--data-dir",
        ])
        .arg(&folder.wanted)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .process_group(0)
        .spawn()
        .context("cannot start the process that stays")?;
    let mut said = File::open(&log)?;
    loop {
        let (is_ready, ended) = (ready.exists(), child.try_wait()?);
        show_new(&mut said)?;
        if let Some(status) = ended {
            return Ok(if status.success() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        if is_ready {
            super::terminal::line("It runs in the background; ./scripts/down stops it.");
            return Ok(ExitCode::SUCCESS);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Said by the process that stays, when all is ready.
pub(super) fn say_ready(folder: &Path) -> Result<()> {
    std::fs::write(ready_file(folder), "").context("cannot say that the stack is ready")
}

fn ready_file(folder: &Path) -> PathBuf {
    folder.join("up.ready")
}

fn show_new(said: &mut File) -> Result<()> {
    let mut new = Vec::new();
    said.read_to_end(&mut new)?;
    if !new.is_empty() {
        super::terminal::text(&String::from_utf8_lossy(&new));
    }
    Ok(())
}
