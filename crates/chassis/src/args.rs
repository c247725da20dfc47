//! Argument groups. Every flag has an environment name.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use secrecy::SecretString;

use crate::http::client::Network;

/// How a service runs, whatever it does.
#[derive(Debug, Clone, Args)]
pub struct ServiceArgs {
    /// Address of the admin port: /livez, /readyz, /metrics. Keep it off the public network.
    #[arg(
        long,
        env = "ADMIN_LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8090"
    )]
    pub admin_listen: SocketAddr,

    /// How long to keep trying to reach each server at start, e.g. 30s.
    #[arg(long, env = "CONNECT_TIMEOUT", value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub connect_timeout: Duration,

    /// How long work in hand may take after SIGTERM, e.g. 20s.
    #[arg(long, env = "DRAIN_TIMEOUT", value_name = "DURATION", default_value = "20s", value_parser = duration)]
    pub drain_timeout: Duration,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub telemetry: TelemetryArgs,
}

/// How a public port is served.
#[derive(Debug, Clone, Args)]
pub struct PublicPortArgs {
    /// How many threads answer requests. The machine's cores when not given.
    #[arg(long, env = "HTTP_WORKERS", value_name = "N", value_parser = at_least_one())]
    pub http_workers: Option<usize>,

    /// How many orders and wishes may wait for NATS to store them at once; what comes beyond is answered 503, to be sent again.
    #[arg(long, env = "MAX_IN_FLIGHT", value_name = "N", default_value_t = 256, value_parser = at_least_one())]
    pub max_in_flight: usize,

    /// How long open connections are still served after SIGTERM, e.g. 5s; each is closed with its next answer, and when none is left it ends.
    /// A part of the drain time-out.
    #[arg(long, env = "LINGER", value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub linger: Duration,
}

/// What stands before a public port.
#[derive(Debug, Clone, Args)]
pub struct ProxyArgs {
    /// Networks of the proxies whose X-Forwarded-For is believed, e.g. 10.0.0.0/8, separated by commas. Nobody's when not given.
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,
}

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
pub struct TelemetryArgs {
    /// What to log: a level, or directives such as info,messaging=debug.
    #[arg(long, env = "LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,

    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// How to reach Postgres.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// postgres://USER:PASSWORD@HOST:PORT/DATABASE
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: SecretString,

    /// The most connections to Postgres.
    #[arg(long, env = "DATABASE_CONNECTIONS", value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub database_connections: u32,

    /// How long to wait for a connection or a statement, e.g. 5s.
    #[arg(long, env = "DATABASE_TIMEOUT", value_name = "DURATION", default_value = "5s", value_parser = period)]
    pub database_timeout: Duration,
}

/// How to reach NATS.
#[derive(Debug, Clone, Args)]
pub struct NatsArgs {
    /// nats://HOST:PORT, more than one separated by commas.
    #[arg(long, env = "NATS_URL", value_name = "URL", hide_env_values = true)]
    pub nats_url: SecretString,

    /// File with the seed of this program's nkey, where the server knows its users by their keys.
    #[arg(long, env = "NATS_SEED_FILE", value_name = "PATH")]
    pub nats_seed_file: Option<PathBuf>,

    /// How long a request to NATS may take, e.g. 5s.
    #[arg(long, env = "NATS_TIMEOUT", value_name = "DURATION", default_value = "5s", value_parser = period)]
    pub nats_timeout: Duration,
}

impl NatsArgs {
    /// The seed, where one is given.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn seed(&self) -> anyhow::Result<Option<SecretString>> {
        let read = |path: &PathBuf| {
            let seed = std::fs::read_to_string(path)
                .with_context(|| format!("--nats-seed-file {} can't be read", path.display()));
            seed.map(SecretString::from)
        };
        self.nats_seed_file.as_ref().map(read).transpose()
    }
}

/// How to reach Redis.
#[derive(Debug, Clone, Args)]
pub struct RedisArgs {
    /// redis://HOST:PORT of the caches (it may evict).
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub redis_url: SecretString,

    /// redis://HOST:PORT of records that must not be evicted. The caches' server when not given.
    #[arg(long, env = "REDIS_STATE_URL", value_name = "URL", hide_env_values = true)]
    pub redis_state_url: Option<SecretString>,

    /// The most connections to each Redis.
    #[arg(long, env = "REDIS_CONNECTIONS", value_name = "N", default_value_t = 16, value_parser = at_least_one())]
    pub redis_connections: usize,

    /// How long one operation may take, e.g. 250ms.
    #[arg(long, env = "REDIS_TIMEOUT", value_name = "DURATION", default_value = "250ms", value_parser = period)]
    pub redis_timeout: Duration,
}

/// How to reach the servers that most services need.
#[derive(Debug, Clone, Args)]
pub struct ServersArgs {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub database: DatabaseArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub nats: NatsArgs,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment would replace the command's own help text"
    )]
    pub redis: RedisArgs,
}

/// The key that guests' tokens and orders' links are derived from.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct SecretKeyArgs {
    /// 64 hexadecimal digits, the same for every replica of web-frontend and rest-api. Make one: openssl rand -hex 32
    #[arg(long, env = "WAYBILL_SECRET_KEY", value_name = "HEX", hide_env_values = true)]
    pub secret_key: Option<SecretString>,

    /// A file that holds the key instead.
    #[arg(long, env = "WAYBILL_SECRET_KEY_FILE", value_name = "PATH")]
    pub secret_key_file: Option<PathBuf>,
}

impl SecretKeyArgs {
    /// The key's text.
    ///
    /// # Errors
    /// Where the file can't be read.
    pub fn read(&self) -> anyhow::Result<SecretString> {
        match (&self.secret_key, &self.secret_key_file) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(path)) => Ok(std::fs::read_to_string(path)
                .with_context(|| format!("--secret-key-file {} can't be read", path.display()))?
                .into()),
            (None, None) => anyhow::bail!("give --secret-key or --secret-key-file"),
        }
    }
}

/// Reads `30s`, `250ms`, `1m 30s`.
///
/// # Errors
/// In words, for the command line.
pub fn duration(text: &str) -> Result<Duration, String> {
    let signed: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "must be a duration such as 30s, 250ms or 1m".to_owned())?;
    Duration::try_from(signed).map_err(|_| "must not be negative".to_owned())
}

/// Reads a [`duration`] that is longer than nothing: a time-out of none would refuse everything.
///
/// # Errors
/// In words, for the command line.
pub fn period(text: &str) -> Result<Duration, String> {
    let period = duration(text)?;
    if period.is_zero() {
        return Err("must be longer than nothing".to_owned());
    }
    Ok(period)
}

/// Reads a number from 1 on: of connections, of threads.
pub fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

/// The flags of `command` that no environment variable sets, for its tests: there should be none.
pub fn without_environment_name(command: &clap::Command) -> Vec<String> {
    let built_in = |argument: &&clap::Arg| ["help", "version"].contains(&argument.get_id().as_str());
    let arguments = command.get_arguments().filter(|argument| !built_in(argument));
    let unnamed = arguments.filter(|argument| argument.get_env().is_none());
    unnamed.map(|argument| argument.get_id().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert!(duration("30").is_err());
        assert!(duration("-5s").is_err());
        assert_eq!(period("250ms"), Ok(Duration::from_millis(250)));
        assert!(period("0s").is_err());
    }
}
