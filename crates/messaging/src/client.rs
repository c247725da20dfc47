//! The connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{ContextBuilder, RequestErrorKind};
use async_nats::{Client, ConnectErrorKind, Event, ServerAddr, ServerError};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The JetStream API level that nats-server 2.14 brought: message schedules, per-message TTL, atomic batches, pinned clients.
const NEEDED_LEVEL: u64 = 4;
/// The longest pause between two tries to reconnect.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// How to reach the server.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// `nats://host:port`, more than one separated by commas; may carry user and password.
    pub url: SecretString,
    /// The seed of the service's nkey, where the server knows its users by their keys.
    pub seed: Option<SecretString>,
    /// The service's name: shown in the server's connection list, `ce-source` of what it publishes, its inbox prefix.
    pub name: String,
    /// How long a request to the server may take.
    pub request_timeout: Duration,
    /// The clock: `chassis::clock::now`.
    pub now: fn() -> Timestamp,
}

/// Why the server can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It can't be reached (yet).
    #[error("NATS at {url} can't be reached: {why}")]
    Unreachable {
        /// Where, without credentials.
        url: String,
        /// The cause.
        why: String,
    },
    /// It does not know us; trying again does not help.
    #[error("NATS at {url} refuses us ({why}): is the seed right, and does the server know its public key?")]
    Denied {
        /// Where, without credentials.
        url: String,
        /// The cause.
        why: String,
    },
    /// It is too old; trying again does not help.
    #[error(
        "NATS at {url} is {version} (JetStream API level {level}); Waybill needs level 4: nats-server 2.14 or newer"
    )]
    TooOld {
        /// Where, without credentials.
        url: String,
        /// What it says it is.
        version: String,
        /// Its JetStream API level.
        level: u64,
    },
}

/// A connection to JetStream. Cheap to clone.
#[derive(Clone)]
pub struct Messaging {
    pub(crate) jetstream: Context,
    pub(crate) client: Client,
    pub(crate) name: Arc<str>,
    pub(crate) request_timeout: Duration,
    pub(crate) now: fn() -> Timestamp,
}

impl fmt::Debug for Messaging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messaging")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Messaging {
    /// Connects and reads the server's JetStream API level. Reconnects by itself afterwards.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(options: ConnectOptions) -> Result<Self, ConnectError> {
        let addresses = addresses(options.url.expose_secret())?;
        let url = without_credentials(&addresses);
        let unreachable = |why: String| ConnectError::Unreachable {
            url: url.clone(),
            why,
        };
        let client = connection_options(&options)
            .connect(&addresses)
            .await
            .map_err(|error| match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    ConnectError::Denied {
                        url: url.clone(),
                        why: error.to_string(),
                    }
                }
                _ => unreachable(error.to_string()),
            })?;
        let jetstream = ContextBuilder::new()
            .timeout(try_timeout(options.request_timeout))
            .backpressure_on_inflight(true)
            .build(client.clone());
        let level = account(&jetstream)
            .await
            .and_then(|account| level(&account))
            .map_err(unreachable)?;
        check_level(&url, &client.server_info().version, level)?;
        let ConnectOptions {
            name,
            request_timeout,
            now,
            ..
        } = options;
        Ok(Self {
            jetstream,
            client,
            name: name.into(),
            request_timeout,
            now,
        })
    }

    /// Whether the connection stands right now.
    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// The service's name: `ce-source` of what it publishes.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// One try of a request: a third of what the caller is ready to wait for, so that a lost answer can be asked for again.
fn try_timeout(request_timeout: Duration) -> Duration {
    (request_timeout / 3).max(Duration::from_millis(500))
}

fn addresses(urls: &str) -> Result<Vec<ServerAddr>, ConnectError> {
    let parse = |url: &str| url.trim().parse::<ServerAddr>();
    urls.split(',')
        .map(parse)
        .collect::<Result<_, _>>()
        .map_err(|error| ConnectError::Unreachable {
            url: "the configured address".into(),
            why: format!("it is not of the form nats://host:port: {error}"),
        })
}

fn without_credentials(addresses: &[ServerAddr]) -> String {
    let plain = |address: &ServerAddr| format!("{}:{}", address.host(), address.port());
    addresses.iter().map(plain).collect::<Vec<_>>().join(",")
}

fn connection_options(options: &ConnectOptions) -> async_nats::ConnectOptions {
    let server = options.name.clone();
    let unsigned = async_nats::ConnectOptions::new();
    let connection = match &options.seed {
        Some(seed) => unsigned.nkey(seed.expose_secret().trim().to_owned()),
        None => unsigned,
    };
    connection
        .name(&options.name)
        .custom_inbox_prefix(format!("_INBOX_{}", options.name))
        .request_timeout(Some(try_timeout(options.request_timeout)))
        .connection_timeout(options.request_timeout)
        .ping_interval(Duration::from_secs(5))
        .max_reconnects(None)
        .reconnect_delay_callback(|tries| {
            let tries = u32::try_from(tries).unwrap_or(u32::MAX);
            Duration::from_millis(50)
                .saturating_mul(tries)
                .min(RECONNECT_PAUSE)
        })
        .event_callback(move |event| {
            log(&server, &event);
            std::future::ready(())
        })
}

/// Permission errors show only here: what was refused itself only has no answer.
fn log(name: &str, event: &Event) {
    match event {
        Event::ServerError(ServerError::Other(text)) if let Some((what, subject)) = forbidden(text) => {
            metrics::counter!("messaging_forbidden_total", "what" => what.to_owned()).increment(1);
            tracing::error!(service = name, what, subject, "NATS forbids this to us");
        }
        Event::ServerError(error) => tracing::error!(service = name, %error, "NATS refused something"),
        Event::ClientError(error) => tracing::warn!(service = name, %error, "NATS client error"),
        Event::SlowConsumer(id) => {
            tracing::warn!(service = name, subscription = id, "NATS subscription too slow");
        }
        Event::Disconnected => tracing::warn!(service = name, "NATS connection lost"),
        Event::Connected => tracing::info!(service = name, "NATS connected"),
        other => tracing::info!(service = name, event = %other, "NATS connection"),
    }
}

/// What a permission error is about: `Publish` or `Subscription`, and the subject.
fn forbidden(text: &str) -> Option<(&str, &str)> {
    let lower = "permissions violation for ";
    let start = text.get(..lower.len())?;
    let rest = text
        .get(lower.len()..)
        .filter(|_| start.eq_ignore_ascii_case(lower))?;
    let (what, subject) = rest.split_once(" to ")?;
    Some((what, subject.trim_matches('"')))
}

/// What JetStream says about itself. The client's own type for it does not read what a server of 2022 answers.
async fn account(jetstream: &Context) -> Result<Value, String> {
    let answer = jetstream.request("INFO", &Value::Null).await;
    answer.map_err(|error| match error.kind() {
        RequestErrorKind::NoResponders => "it runs without JetStream".into(),
        _ => error.to_string(),
    })
}

/// The API level in `account`; 0 where the server is too old to know of levels.
fn level(account: &Value) -> Result<u64, String> {
    match account["error"]["description"].as_str() {
        Some(refusal) => Err(format!("JetStream does not answer: {refusal}")),
        None => Ok(account["api"]["level"].as_u64().unwrap_or(0)),
    }
}

fn check_level(url: &str, version: &str, level: u64) -> Result<(), ConnectError> {
    if level >= NEEDED_LEVEL {
        return Ok(());
    }
    Err(ConnectError::TooOld {
        url: url.to_owned(),
        version: version.to_owned(),
        level,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{addresses, check_level, forbidden, level, without_credentials};

    #[test]
    fn a_permission_error_names_its_subject() {
        let text = "Permissions Violation for Publish to \"orders.p00.ship.x\"";
        assert_eq!(forbidden(text), Some(("Publish", "orders.p00.ship.x")));
        assert_eq!(
            forbidden("permissions violation for Subscription to \"a\""),
            Some(("Subscription", "a"))
        );
        assert_eq!(forbidden("maximum payload violation"), None);
    }

    #[test]
    fn a_server_below_level_4_is_refused_with_the_version_it_needs() {
        // nats-server 2.9 knows no levels and so gives none.
        let error = check_level("127.0.0.1:4222", "2.9.10", 0)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("2.9.10") && error.contains("nats-server 2.14 or newer"),
            "{error}"
        );
        assert!(check_level("127.0.0.1:4222", "2.12.1", 3).is_err());
        assert!(check_level("127.0.0.1:4222", "2.14.0", 4).is_ok());
    }

    #[test]
    fn the_level_is_read_from_what_servers_answer() {
        let old = json!({ "type": "io.nats.jetstream.api.v1.account_info_response", "memory": 0, "api": { "total": 0, "errors": 0 } });
        let new = json!({ "memory": 0, "api": { "level": 4, "total": 0, "errors": 0 } });
        let off =
            json!({ "error": { "code": 503, "err_code": 10076, "description": "JetStream not enabled" } });
        assert_eq!((level(&old), level(&new)), (Ok(0), Ok(4)));
        assert_eq!(
            level(&off),
            Err("JetStream does not answer: JetStream not enabled".into())
        );
    }

    #[test]
    fn an_address_is_shown_without_its_credentials() {
        let addresses = addresses("nats://user:secret@one:4222, nats://two:4223").unwrap();
        assert_eq!(without_credentials(&addresses), "one:4222,two:4223");
    }
}
