//! `waybillctl topology permissions`

use std::path::PathBuf;

use anyhow::Context;
use messaging::keys::{PublicKey, PublicKeys, User};
use messaging::topology::permissions;
use serde_json::json;

use super::keys;
use crate::output::Console;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder with the seeds that `waybillctl topology keys` made.
    #[arg(long, env = "NATS_KEYS_DIR", value_name = "DIR", conflicts_with = "key")]
    keys: Option<PathBuf>,

    /// A user's public key instead, for every user: rest-api=UABC…
    #[arg(long, env = "NATS_KEYS", value_name = "USER=KEY", value_delimiter = ',', value_parser = user_key, required_unless_present_any = ["keys", "check"])]
    key: Vec<(User, PublicKey)>,

    /// Compare this file with what would be printed, and fail at the first line that differs. Without keys, with those that it names itself.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, console: &mut Console<'_>) -> anyhow::Result<()> {
    let Some(path) = &args.check else {
        let text = permissions::configuration(&given(args)?.context("no keys are given")?);
        return console.answer(&json!({ "configuration": text }), || text.trim_end().to_owned());
    };
    let name = path.display();
    let found = std::fs::read_to_string(path).with_context(|| format!("{name} can't be read"))?;
    let keys = match given(args)? {
        Some(keys) => keys,
        None => permissions::keys_in(&found).with_context(|| name.to_string())?,
    };
    permissions::check(&found, &keys).with_context(|| {
        format!("{name} does not match the topology; print it anew and reload the server")
    })?;
    console.answer(&json!({ "matches": true }), || {
        format!("{name} matches the topology")
    })
}

fn given(args: &Args) -> anyhow::Result<Option<PublicKeys>> {
    match &args.keys {
        Some(folder) => keys::in_folder(folder).map(Some),
        None if args.key.is_empty() => Ok(None),
        None => Ok(Some(PublicKeys::new(args.key.iter().cloned().collect())?)),
    }
}

fn user_key(text: &str) -> Result<(User, PublicKey), String> {
    let (user, key) = text
        .split_once('=')
        .ok_or("must be a user, `=` and his public key")?;
    let user = user.parse::<User>().map_err(|error| error.to_string())?;
    let key = key.parse::<PublicKey>().map_err(|error| error.to_string())?;
    Ok((user, key))
}
