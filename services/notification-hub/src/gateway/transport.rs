//! Connections to push services: a pool per platform, one way to set them up.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::webpush::PublicOnly;
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, ClientBuilder, Response, redirect};

const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// What the pools of all platforms share.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Certificates in PEM that are trusted beside the system's.
    pub root_ca: Option<Vec<u8>>,
    /// Connections in a pool.
    pub connections: usize,
    /// How long a request may take.
    pub timeout: Duration,
}

impl Settings {
    /// That many connections, 10 s for a request, the system's certificates.
    pub fn new(connections: usize) -> Self {
        Self {
            root_ca: None,
            connections,
            timeout: TIMEOUT,
        }
    }
}

/// Which HTTP a push service speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/2 (APNs and FCM): the connections are kept alive with pings, so that a dead one is noticed.
    Http2,
    /// HTTP/1.1 (WNS). In development, hosts below `notify.windows.com` are reached at the given address instead.
    Http1 {
        /// The stand-in's addresses; none where Microsoft's are meant.
        instead: Vec<SocketAddr>,
    },
    /// Whichever the server offers (Web Push). Only public addresses are connected to, since a client names the host; in development
    /// the push sandbox's host is reached at the given address.
    Public {
        /// The stand-in's addresses; none in production.
        stand_in: Vec<SocketAddr>,
    },
}

/// A client with one connection (HTTP/2).
pub(super) fn client(settings: &Settings, speaks: &Speaks) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .timeout(settings.timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(settings.timeout))
        .redirect(redirect::Policy::none())
        .https_only(true)
        .no_proxy()
        .tcp_nodelay(true);
    if let Some(pem) = &settings.root_ca {
        builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem)?);
    }
    speaking(builder, speaks).build()
}

fn speaking(builder: ClientBuilder, speaks: &Speaks) -> ClientBuilder {
    match speaks {
        Speaks::Http2 => kept_alive(builder),
        Speaks::Public { stand_in } => kept_alive(builder).dns_resolver(Arc::new(PublicOnly {
            stand_in: stand_in.clone(),
        })),
        Speaks::Http1 { instead } if instead.is_empty() => builder.http1_only(),
        Speaks::Http1 { instead } => builder
            .http1_only()
            .dns_resolver(Arc::new(StandIn(instead.clone()))),
    }
}

fn kept_alive(builder: ClientBuilder) -> ClientBuilder {
    builder
        .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
        .http2_keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .http2_keep_alive_while_idle(true)
}

/// Sends the hosts of WNS to a stand-in, and looks up any other as usual.
struct StandIn(Vec<SocketAddr>);

impl Resolve for StandIn {
    fn resolve(&self, name: Name) -> Resolving {
        let instead = self.0.clone();
        Box::pin(async move {
            let found: Vec<_> = if crate::gateway::wns::is_wns_host(name.as_str()) {
                instead
            } else {
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect()
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The wait that an answer asks for (RFC 9110, section 10.2.3).
pub fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.to_str().ok()?;
    fcm::RetryAfter::parse(value, now).map(fcm::RetryAfter::duration)
}

/// The beginning of a body, at most that many bytes: whoever answers may go on for ever.
pub async fn beginning(mut response: Response, most: usize) -> String {
    let mut read = Vec::new();
    while read.len() < most {
        match response.chunk().await {
            Ok(Some(chunk)) => read.extend_from_slice(&chunk[..chunk.len().min(most - read.len())]),
            // What has come until now is all that there is.
            Ok(None) | Err(_) => break,
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// Whether an error of type `T` is among the causes.
pub fn caused_by<T: Error + 'static>(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<T>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// An error with its causes in one line; without the address, which may be a device's.
pub fn words(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "can't connect"
    } else {
        "the connection failed"
    };
    let mut words = kind.to_owned();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
