//! `waybillctl accounts …`

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chassis::args::{DatabaseArgs, duration};
use chassis::clock;
use domain::AccountId;
use storage::{Erasure, Storage};

use crate::NAME;
use crate::output::Console;
use crate::wait::until;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Erase an account for good, at its owner's request, as he can himself with DELETE /v1/me.
    ///
    /// Profile, password, address book, devices and sessions go at once; access tokens run out within ten minutes. Orders at their end lose
    /// their personal data by the order processor, those under way with their last transition. Once more for the same account: tells how
    /// far it is.
    Erase(EraseArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    database: DatabaseArgs,

    #[command(flatten)]
    whom: Whom,

    /// It can't be undone: say so.
    #[arg(long)]
    yes: bool,

    /// How long to wait for the orders, e.g. 15s.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    timeout: Duration,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// The account's id.
    #[arg(long, value_name = "ID")]
    id: Option<AccountId>,

    /// The e-mail address that its owner signs in with.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

pub(crate) async fn run(
    command: Command,
    connecting: Duration,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    match command {
        Command::Erase(args) => erase(&args, connecting, console).await,
    }
}

async fn erase(args: &EraseArgs, connecting: Duration, console: &mut Console<'_>) -> anyhow::Result<()> {
    ensure!(args.yes, "an erased account can't be had back; add --yes");
    let storage = args.database.connect(NAME, connecting).await?;
    let account = args.whom.find(&storage).await?;
    let erased = storage.erase_account(account, None, None, clock::now()).await?;
    let before = storage.erasure(account).await?;
    let before = before.with_context(|| format!("there is no account {account}"))?;
    let done = until(args.timeout, async || {
        let erasure = storage.erasure(account).await?;
        Ok(erasure.filter(|erasure| erasure.done))
    });
    let erasure = done.await?.unwrap_or(before);
    console.answer(&erasure, || words(account, erased.is_some(), &erasure))
}

impl Whom {
    async fn find(&self, storage: &Storage) -> anyhow::Result<AccountId> {
        match (self.id, &self.email) {
            (Some(id), _) => Ok(id),
            (None, Some(email)) => {
                let found = storage.account_by_email(&email.trim().to_lowercase()).await?;
                Ok(found.context("no account has that address")?.0.id)
            }
            (None, None) => bail!("say which account: --id or --email"),
        }
    }
}

fn words(account: AccountId, now: bool, erasure: &Erasure) -> String {
    let head = if now { "is erased" } else { "was erased before" };
    let orders = match erasure {
        Erasure {
            done: false, left, ..
        } => {
            format!("{left} orders have personal data still; the order processor goes on")
        }
        Erasure { left: 0, .. } => "no order has personal data any more".to_owned(),
        Erasure { left, .. } => {
            format!("{left} orders under way keep what their delivery needs until they end")
        }
    };
    let letters: Vec<_> = erasure
        .customers
        .iter()
        .map(|customer| format!("waybillctl dead-letters list --customer {customer}"))
        .collect();
    format!(
        "account {account} {head}: {orders}\ndead letters keep what they say until they are replayed or discarded; look with\n  {}",
        letters.join("\n  ")
    )
}
