//! The commands of the `devstack` program.

mod demo;
mod detach;
mod down;
mod folder;
mod lock;
mod terminal;
mod up;
mod with_postgres;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Private servers and services for development and tests.
#[derive(Debug, Parser)]
#[command(name = "devstack", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the whole of Waybill and stop it on Ctrl-C
    Up(up::Args),
    /// Stop a stack that runs, in order
    Down(down::Args),
    /// Run a command with a private Postgres cluster for its tests, and exit with its code
    WithPostgres(with_postgres::Args),
}

impl Cli {
    /// Runs the chosen command and gives the program's exit code.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Up(args) => up::run(args).await,
            Command::Down(args) => down::run(args).await,
            Command::WithPostgres(args) => with_postgres::run(args).await,
        }
    }
}
