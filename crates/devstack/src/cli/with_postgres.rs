//! `devstack with-postgres -- CMD…`

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::ports::Port;
use crate::programs;
use crate::servers::Server;
use crate::servers::postgres::{Durability, Postgres};
use crate::testing::{FOLDER_VARIABLE, POSTGRES_VARIABLE};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The command and its arguments, after `--`
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    command: Vec<OsString>,
}

pub(super) async fn run(args: Args) -> Result<ExitCode> {
    let folder = tempfile::Builder::new()
        .prefix("waybill-run-")
        .tempdir()
        .context("cannot make a folder for temporary files")?;
    // The database's user must pass through it.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755))?;
    let tests = folder.path().join("tests");
    std::fs::create_dir(&tests)?;
    let mut postgres = Server::new(Postgres::new(
        Port::free()?,
        &folder.path().join("postgres"),
        Durability::Throwaway,
    )?);
    postgres.start().await?;
    postgres.recipe().make_roles()?;
    let (program, rest) = args.command.split_first().context("no command given")?;
    let mut command = dying_with_us(program);
    command
        .args(rest)
        .env(POSTGRES_VARIABLE, postgres.recipe().url("postgres"))
        .env(FOLDER_VARIABLE, &tests)
        .env("POSTGRES_BIN_DIR", programs::postgres_folder()?);
    if let Ok(nats) = programs::nats_server() {
        command.env("NATS_SERVER_BIN", nats);
    }
    let status = command_to_its_end(command).await;
    postgres.stop(Duration::from_secs(20)).await;
    let status = status.with_context(|| format!("cannot run {}", program.display()))?;
    Ok(exit_code(status))
}

/// The command gets SIGTERM when this process is killed, so that it does not go on against a database that is gone.
fn dying_with_us(program: &OsStr) -> Command {
    let Some(setpriv) = programs::on_path("setpriv") else {
        return Command::new(program);
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

/// Ctrl-C reaches the command through the terminal, and it decides; a SIGTERM for us alone is passed on.
async fn command_to_its_end(mut command: Command) -> std::io::Result<ExitStatus> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut child = command.spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            _ = interrupted.recv() => {}
            _ = terminated.recv() => forward_term(&child),
        }
    }
}

fn forward_term(child: &tokio::process::Child) {
    if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) {
        // It may have ended in this moment.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGTERM);
    }
}

/// As a shell says it: 128 and the signal's number for a command that was killed.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
