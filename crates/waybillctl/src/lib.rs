#![doc = include_str!("../README.md")]

mod accounts;
mod amount;
mod args;
mod cache;
mod dead_letters;
mod installations;
mod migrate;
mod orders;
mod output;
mod products;
mod push;
mod queues;
mod reconcile;
mod seed;
mod subscriptions;
mod topology;
mod wait;

use std::io::{ErrorKind, Write};

pub use args::Args;
use args::Command;
use output::Console;

/// The program's name, as the servers show it.
const NAME: &str = "waybillctl";

/// Does what `args` ask and prints the answer to `out`.
///
/// # Errors
/// In one line, with what to do.
pub async fn run(args: Args, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut console = Console::new(args.output, out);
    let connecting = args.connect_timeout;
    match args.command {
        Command::Migrate(args) => migrate::run(&args, connecting, &mut console).await,
        Command::Topology(command) => topology::run(command, connecting, &mut console).await,
        Command::Cache(command) => cache::run(command, &mut console),
        Command::Seed(args) => seed::run(&args, connecting, &mut console).await,
        Command::Accounts(command) => accounts::run(command, connecting, &mut console).await,
        Command::Orders(command) => orders::run(command, connecting, &mut console).await,
        Command::Products(command) => products::run(command, connecting, &mut console).await,
        Command::DeadLetters(command) => dead_letters::run(command, connecting, &mut console).await,
        Command::Installations(command) => installations::run(command, connecting, &mut console).await,
        Command::Queues(args) => queues::run(&args, connecting, &mut console).await,
        Command::Subscriptions(command) => subscriptions::run(command, connecting, &mut console).await,
        Command::Push(command) => Box::pin(push::run(command, connecting, &mut console)).await,
        Command::Reconcile(args) => reconcile::run(&args, connecting, &mut console).await,
    }
}

/// Whether the reader of the output went away, as `head` does.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    };
    error.chain().any(closed)
}

/// Says on standard error what went wrong, in one line.
pub fn complain(error: &anyhow::Error) {
    let words = format!("{error:#}")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    // Nobody is left to tell when this fails.
    let _ = writeln!(std::io::stderr(), "waybillctl: {words}");
}
