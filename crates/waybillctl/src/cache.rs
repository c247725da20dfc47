//! `waybillctl cache`

use std::path::PathBuf;

use ::cache::permissions::{User, acl};
use anyhow::Context;
use secrecy::SecretString;
use serde_json::json;

use crate::output::Console;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print what each user may do, as Redis's ACL file.
    Permissions(Permissions),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Permissions {
    /// The folder with the users' passwords, one file a user: rest-api.
    #[arg(long, value_name = "DIR")]
    passwords: PathBuf,
}

pub(crate) fn run(command: Command, console: &mut Console<'_>) -> anyhow::Result<()> {
    let Command::Permissions(args) = command;
    let mut passwords = Vec::new();
    for user in User::ALL {
        let path = args.passwords.join(user.name());
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
        anyhow::ensure!(!text.trim().is_empty(), "{} is empty", path.display());
        passwords.push((user, SecretString::from(text)));
    }
    let text = acl(&passwords);
    console.answer(&json!({ "acl": text }), || text.trim_end().to_owned())
}
