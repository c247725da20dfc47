//! `waybillctl orders …`

mod act;
mod list;
mod scheduled;
mod show;

use std::time::Duration;

use crate::output::Console;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List orders, newest first.
    List(list::Args),
    /// Show one order with everything about it, personal data too.
    Show(show::Args),
    /// List orders that are to be placed later, the next one first.
    Scheduled(scheduled::ListArgs),
    /// Take a scheduled order back; it is never placed.
    Unschedule(scheduled::TakeBackArgs),
    /// Call an order off; its stock is released.
    Cancel(act::CancelArgs),
    /// Say that an order was handed to the carrier.
    Ship(act::ShipArgs),
    /// Say that an order has arrived.
    Deliver(act::DeliverArgs),
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list::run(&args, connecting, console).await,
        Command::Show(args) => show::run(&args, connecting, console).await,
        Command::Scheduled(args) => scheduled::list(&args, connecting, console).await,
        Command::Unschedule(args) => scheduled::take_back(&args, connecting, console).await,
        Command::Cancel(args) => act::run(args.into(), connecting, console).await,
        Command::Ship(args) => act::run(args.into(), connecting, console).await,
        Command::Deliver(args) => act::run(args.into(), connecting, console).await,
    }
}
