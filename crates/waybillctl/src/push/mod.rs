//! `waybillctl push …`

mod content;
mod list;
mod make;
mod preview;
mod send;
mod show;
mod status;
mod templates;
mod trial;

use std::time::Duration;

use crate::output::Console;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Send a text to every device that a tag expression fits, now or later; prints the campaign's id.
    ///
    /// The hub sends it, as fast as --rate allows; `push show` tells how far it is and `push cancel` calls it off.
    Send(send::Args),
    /// Send a text to one device, or to some at random, as a campaign would.
    Test(trial::Args),
    /// List campaigns, the newest first.
    Campaigns(list::Args),
    /// Show how far a campaign is, and what became of its pushes.
    Show(show::Args),
    /// Call a campaign off: nothing more is queued, and what is queued and not sent yet is dropped.
    Cancel(show::CancelArgs),
    /// How the hub stands with each push service, what waits, and what became of pushes in the last hour.
    Status(status::Args),
    /// The shop's own words in place of the built-in ones.
    #[command(subcommand)]
    Templates(templates::Command),
    /// Show what a device would show.
    Preview(preview::Args),
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::Send(args) => send::run(&args, connecting, console).await,
        Command::Test(args) => trial::run(&args, connecting, console).await,
        Command::Campaigns(args) => list::run(&args, connecting, console).await,
        Command::Show(args) => show::run(&args, connecting, console).await,
        Command::Cancel(args) => show::cancel(&args, connecting, console).await,
        Command::Status(args) => status::run(&args, connecting, console).await,
        Command::Templates(command) => templates::run(command, connecting, console).await,
        Command::Preview(args) => preview::run(&args, connecting, console).await,
    }
}
