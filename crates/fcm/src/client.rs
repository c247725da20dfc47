//! The client: one project, one access token, one or more connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Certificate, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::token::TokenSource;
use crate::{FcmError, Message, ServiceAccount, answer};

/// How a client is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who sends.
    pub account: ServiceAccount,
    /// Where FCM is; Google's address by default.
    pub base_url: Url,
    /// Certificates in PEM that are trusted beside the system's, for a stand-in with a CA of its own.
    pub extra_root_ca: Option<Vec<u8>>,
    /// How many connections: FCM takes 100 requests at once on each.
    pub connections: usize,
    /// How long a request may take.
    pub timeout: Duration,
    /// Clients to send with, instead of ones made from the fields above: a caller's own pool.
    pub http: Vec<reqwest::Client>,
}

impl Config {
    /// The defaults: Google's address, four connections, 10 s.
    #[expect(clippy::expect_used, reason = "a constant address")]
    pub fn new(account: ServiceAccount) -> Self {
        Self {
            account,
            base_url: Url::parse("https://fcm.googleapis.com/").expect("a constant address"),
            extra_root_ca: None,
            connections: 4,
            timeout: Duration::from_secs(10),
            http: Vec::new(),
        }
    }
}

/// Why a client can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The base URL has no host or can't carry a path.
    #[error("`{0}` is no base URL for FCM")]
    BaseUrl(Url),
    /// The extra CA is no PEM, or TLS can't be set up.
    #[error("cannot set up TLS for FCM")]
    Tls(#[from] reqwest::Error),
}

/// What FCM calls an accepted message: `projects/<project>/messages/<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageName(String);

impl MessageName {
    /// The name as FCM gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Sends messages to FCM.
pub struct Client {
    http: Vec<reqwest::Client>,
    next: AtomicUsize,
    send_url: Url,
    tokens: TokenSource,
}

#[derive(Serialize)]
struct Request<'a> {
    message: &'a Message,
}

#[derive(Deserialize)]
struct Accepted {
    name: String,
}

impl Client {
    /// Makes a client; connects to nothing yet.
    ///
    /// # Errors
    /// When the base URL or the extra CA can't be used.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let path = format!("v1/projects/{}/messages:send", config.account.project_id());
        let send_url = config
            .base_url
            .join(&path)
            .map_err(|_| ConfigError::BaseUrl(config.base_url.clone()))?;
        let http = if config.http.is_empty() {
            connections(&config)?
        } else {
            config.http
        };
        Ok(Self {
            http,
            next: AtomicUsize::new(0),
            send_url,
            tokens: TokenSource::new(config.account),
        })
    }

    /// Sends one message. Once, and once more with a fresh token when the first is refused as too old; any other
    /// repeat is the caller's decision.
    ///
    /// # Errors
    /// See [`FcmError`]: each kind asks for another reaction.
    pub async fn send(&self, message: &Message, now: Timestamp) -> Result<MessageName, FcmError> {
        self.send_by(self.connection(), message, now).await
    }

    /// As [`Self::send`], by a client that the caller chose.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_by(
        &self,
        http: &reqwest::Client,
        message: &Message,
        now: Timestamp,
    ) -> Result<MessageName, FcmError> {
        let token = self.tokens.token(http, now).await?;
        let mut response = self.post(http, &token, message).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            self.tokens.forget(&token).await;
            let token = self.tokens.token(http, now).await?;
            response = self.post(http, &token, message).await?;
        }
        if !response.status().is_success() {
            return Err(answer::refusal(response, now).await);
        }
        let accepted: Accepted = response.json().await.map_err(FcmError::Unknown)?;
        Ok(MessageName(accepted.name))
    }

    async fn post(
        &self,
        http: &reqwest::Client,
        token: &str,
        message: &Message,
    ) -> Result<reqwest::Response, FcmError> {
        let request = http
            .post(self.send_url.clone())
            .bearer_auth(token)
            .json(&Request { message });
        request.send().await.map_err(FcmError::from_transport)
    }

    fn connection(&self) -> &reqwest::Client {
        &self.http[self.next.fetch_add(1, Ordering::Relaxed) % self.http.len()]
    }
}

fn connections(config: &Config) -> Result<Vec<reqwest::Client>, ConfigError> {
    (0..config.connections.max(1))
        .map(|_| connection(config))
        .collect()
}

fn connection(config: &Config) -> Result<reqwest::Client, ConfigError> {
    let mut builder = reqwest::Client::builder()
        .timeout(config.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(30))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .http2_keep_alive_while_idle(true);
    if let Some(pem) = &config.extra_root_ca {
        builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem)?);
    }
    Ok(builder.build()?)
}
