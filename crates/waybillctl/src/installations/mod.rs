//! `waybillctl installations …`

mod export;
mod import;
mod line;

use std::time::Duration;

use anyhow::{Context, ensure};
use chassis::args::DatabaseArgs;
use domain::{Customer, InstallationId};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use storage::Installation;

use self::line::Line;
use crate::NAME;
use crate::output::{Console, fields, or_dash, table};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the devices of a customer that push still reaches.
    List(List),
    /// Show one device.
    Show(One),
    /// Forget a device: nothing is pushed to it any more.
    Remove(One),
    /// Register and forget devices, one to a line as JSON; the same file again changes nothing.
    ///
    /// A line is what PUT /v1/installations/{id} takes, with the device's `id` and its `customer` (account:ID or guest:ID) beside it;
    /// {"id": …, "delete": true} forgets one. The same rules hold as for the API. `export` writes such lines.
    Import(import::Args),
    /// Write devices that push still reaches, one to a line as JSON, as `import` takes them.
    Export(export::Args),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Whose devices: account:ID or guest:ID. Those of guests that belong to an account are listed by the guest.
    #[arg(long, value_name = "CUSTOMER")]
    customer: Customer,
}

#[derive(Debug, clap::Args)]
pub(crate) struct One {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Which device.
    #[arg(value_name = "ID")]
    id: InstallationId,
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::List(args) => list(&args, connecting, console).await,
        Command::Show(args) => show(&args, connecting, console).await,
        Command::Remove(args) => remove(&args, connecting, console).await,
        Command::Import(args) => Box::pin(import::run(&args, connecting, console)).await,
        Command::Export(args) => Box::pin(export::run(&args, connecting, console)).await,
    }
}

async fn list(args: &List, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let found = storage.installations_of(&[args.customer]).await?;
    let shown: Vec<_> = found.iter().map(Line::from).collect();
    console.answer(&shown, || {
        let row = |installation: &Installation| {
            [
                installation.id.to_string(),
                installation.app.clone(),
                installation.platform.as_str().to_owned(),
                installation.locale.clone(),
                installation.tags.len().to_string(),
                installation.updated_at.to_string(),
            ]
        };
        let heading = ["device", "app", "platform", "locale", "tags", "updated"];
        table(heading, found.iter().map(row).collect(), "no devices")
    })
}

async fn show(args: &One, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let installation = storage.installation(args.id).await?;
    let installation =
        installation.with_context(|| format!("there is no device {} that push reaches", args.id))?;
    let line = Line::from(&installation);
    console.answer(&line, || {
        fields(vec![
            ("device", installation.id.to_string()),
            ("customer", installation.customer.to_string()),
            ("app", installation.app.clone()),
            ("platform", installation.platform.as_str().to_owned()),
            ("environment", installation.environment.clone()),
            ("channel", line.draft.channel.to_string()),
            ("locale", installation.locale.clone()),
            (
                "tags",
                or_dash(Some(installation.tags.join(" ")).filter(|tags| !tags.is_empty())),
            ),
            ("expires", or_dash(installation.expires_at)),
            ("updated", installation.updated_at.to_string()),
        ])
    })
}

async fn remove(args: &One, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    let storage = args.database.connect(NAME, connecting).await?;
    let done = storage.import_installations(&[], &[args.id]).await?;
    ensure!(done.removed == 1, "there is no device {}", args.id);
    console.answer(&json!({ "removed": args.id }), || {
        format!("device {} is forgotten", args.id)
    })
}

/// A bar that is filled by `bytes`, or counts where that is not known. Nothing is shown but on a terminal.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (ProgressBar::new(bytes), "{bar:40} {percent} % {msg} {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
