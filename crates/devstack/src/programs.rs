//! Where the servers' programs are, in versions that will do.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// The oldest NATS server with the consumers and schedules that the topology uses.
const NATS_AT_LEAST: (u32, u32) = (2, 14);
const REDIS_AT_LEAST: (u32, u32) = (7, 0);
const POSTGRES_AT_LEAST: (u32, u32) = (15, 0);

/// The first program of this name on the `PATH`.
#[must_use]
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The NATS server: `NATS_SERVER_BIN`, the `PATH`, or the clone's private environment.
pub fn nats_server() -> Result<PathBuf> {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    remembered(&FOUND, || {
        let candidates = from_env("NATS_SERVER_BIN")
            .into_iter()
            .chain(on_path("nats-server"))
            .chain(in_clone("venv/bin/nats-server"));
        first_good(candidates, NATS_AT_LEAST).context(
            "no nats-server 2.14 or newer: run ./scripts/up or ./scripts/test once, or set NATS_SERVER_BIN",
        )
    })
}

/// The Redis or Valkey server: `REDIS_SERVER_BIN`, or the `PATH`.
pub fn redis_server() -> Result<PathBuf> {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    remembered(&FOUND, || {
        let candidates = from_env("REDIS_SERVER_BIN")
            .into_iter()
            .chain(on_path("redis-server"))
            .chain(on_path("valkey-server"));
        first_good(candidates, REDIS_AT_LEAST).context(
            "no redis-server 7 (or valkey-server) or newer: install redis-server, or set REDIS_SERVER_BIN",
        )
    })
}

/// The folder with `postgres`, `initdb` and `psql`: `POSTGRES_BIN_DIR`, the `PATH`, Debian's or Homebrew's folders, the newest first.
pub fn postgres_folder() -> Result<PathBuf> {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    remembered(&FOUND, || {
        let candidates = from_env("POSTGRES_BIN_DIR")
            .map(|folder| folder.join("postgres"))
            .into_iter()
            .chain(on_path("postgres").and_then(|path| path.canonicalize().ok()))
            .chain(installed_postgres());
        let server = first_good(
            candidates.filter(|path| path.with_file_name("initdb").is_file()),
            POSTGRES_AT_LEAST,
        );
        let server =
            server.context("no Postgres 15 or newer: install postgresql, or set POSTGRES_BIN_DIR")?;
        Ok(server.parent().context("postgres lies in no folder")?.to_owned())
    })
}

fn remembered(found: &'static OnceLock<PathBuf>, find: impl FnOnce() -> Result<PathBuf>) -> Result<PathBuf> {
    if let Some(path) = found.get() {
        return Ok(path.clone());
    }
    let path = find()?;
    Ok(found.get_or_init(|| path).clone())
}

fn from_env(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// `.waybill/<path>` of this folder or one above it.
fn in_clone(path: &str) -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors()
        .map(|folder| folder.join(".waybill").join(path))
        .find(|path| path.is_file())
}

fn installed_postgres() -> impl Iterator<Item = PathBuf> {
    let folders = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .into_iter()
        .filter_map(|root| Path::new(root).read_dir().ok())
        .flatten();
    let servers = folders
        .flatten()
        .map(|entry| entry.path().join("bin/postgres"))
        .filter(|path| path.is_file());
    let mut servers: Vec<_> = servers
        .filter_map(|path| Some((version(&path).ok()?, path)))
        .collect();
    servers.sort();
    servers.into_iter().rev().map(|(_, path)| path)
}

fn first_good(candidates: impl Iterator<Item = PathBuf>, at_least: (u32, u32)) -> Result<PathBuf> {
    let mut seen = Vec::new();
    for path in candidates {
        match version(&path) {
            Ok(found) if found >= at_least => return Ok(path),
            Ok((major, minor)) => seen.push(format!("{} is {major}.{minor}", path.display())),
            Err(error) => seen.push(format!("{}: {error:#}", path.display())),
        }
    }
    if seen.is_empty() {
        bail!("none found");
    }
    bail!("{}", seen.join(", "))
}

fn version(program: &Path) -> Result<(u32, u32)> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .context("cannot run it")?;
    parse_version(&String::from_utf8_lossy(&output.stdout)).context("prints no version")
}

/// The first `major.minor` in a line such as `nats-server: v2.15.1` or `Redis server v=7.0.15 sha=…`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .find_map(|word| {
            let mut numbers = word.split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_are_read_from_what_the_servers_print() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(
            parse_version("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64"),
            Some((7, 0))
        );
        assert_eq!(
            parse_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"),
            Some((15, 13))
        );
        assert_eq!(parse_version("nothing"), None);
    }
}
