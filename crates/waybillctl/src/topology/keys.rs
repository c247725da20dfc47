//! `waybillctl topology keys`

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use messaging::keys::{PublicKey, PublicKeys, Seed, User};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::output::{Console, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder for the seeds: one file a user, `rest-api.nk`, readable by its owner only. What is there is kept.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args, console: &mut Console<'_>) -> anyhow::Result<()> {
    let folder = args.out.display();
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&args.out)
        .with_context(|| format!("{folder} can't be made"))?;
    let mut made = Vec::new();
    for user in User::ALL {
        let path = file(&args.out, user);
        let change = if make(&path)? { "made" } else { "kept" };
        made.push((user, read(&path)?, change));
    }
    let one = |(user, key, change): &(User, PublicKey, &str)| {
        (
            user.to_string(),
            json!({ "key": key.to_string(), "change": change }),
        )
    };
    let answer: Map<String, Value> = made.iter().map(one).collect();
    console.answer(&answer, || {
        let rows = made
            .iter()
            .map(|(user, key, change)| [user.to_string(), key.to_string(), (*change).to_owned()]);
        table(["user", "public key", "seed"], rows.collect(), "no users")
    })
}

/// The public keys of the seeds in `folder`.
pub(super) fn in_folder(folder: &Path) -> anyhow::Result<PublicKeys> {
    let mut keys = BTreeMap::new();
    for user in User::ALL {
        keys.insert(user, read(&file(folder, user))?);
    }
    Ok(PublicKeys::new(keys)?)
}

fn file(folder: &Path, user: User) -> PathBuf {
    folder.join(format!("{user}.nk"))
}

/// Makes a seed where there is none; says whether it did.
fn make(path: &Path) -> anyhow::Result<bool> {
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = match file {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => bail!("{} can't be made: {error}", path.display()),
    };
    let seed = Seed::fresh()?;
    writeln!(file, "{}", seed.secret().expose_secret())
        .with_context(|| format!("{} can't be written", path.display()))?;
    Ok(true)
}

fn read(path: &Path) -> anyhow::Result<PublicKey> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "{} can't be read; `waybillctl topology keys` makes it",
            path.display()
        )
    })?;
    Seed::parse(&SecretString::from(text))
        .and_then(|seed| seed.public_key())
        .with_context(|| path.display().to_string())
}
