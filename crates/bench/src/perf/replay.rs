//! The floor of sending: the hub's own requests once more, by a bare HTTP client over as many connections, with nothing around them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::fleet::Fleet;

/// As the hub has them by default: connections to each service, and requests on their way to each.
const CONNECTIONS: usize = 4;
const IN_FLIGHT: usize = 256;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A request as the sandbox kept it.
#[derive(Deserialize)]
struct Kept {
    http: String,
    host: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// One service's requests, ready to be sent again.
struct Service {
    http1: bool,
    host: String,
    requests: Vec<(Url, HeaderMap, Bytes)>,
}

/// Every service's.
pub(super) struct Replay {
    ca: Certificate,
    address: SocketAddr,
    services: Vec<Arc<Service>>,
}

impl Replay {
    /// Of the requests that the sandbox has kept.
    pub(super) async fn of(fleet: &Fleet) -> Result<Self> {
        let kept: BTreeMap<String, Vec<Kept>> = fleet.get("/samples").await?;
        let credentials: Value = fleet.get("/credentials").await?;
        let text = |name: &str| {
            credentials[name]
                .as_str()
                .context("credentials without an address")
        };
        let ca = Certificate::from_pem(&std::fs::read(text("ca_pem_path")?)?)?;
        let (base, address) = (text("push_url")?, text("push_allow")?.parse()?);
        ensure!(!kept.is_empty(), "no request was kept");
        let services = kept.into_values().map(|kept| {
            ensure!(!kept.is_empty(), "a service without requests");
            Ok(Arc::new(Service::of(&kept, base)?))
        });
        Ok(Self {
            services: services.collect::<Result<_>>()?,
            ca,
            address,
        })
    }

    /// Sends `count` requests, as many to each service, and tells how many are taken in a second. Its connections end with it.
    pub(super) async fn run(&self, count: u64) -> Result<f64> {
        let (begun, mut tasks) = (Instant::now(), JoinSet::new());
        let share = count / self.services.len() as u64;
        for service in &self.services {
            let next = Arc::new(AtomicU64::new(0));
            let clients = (0..CONNECTIONS).map(|_| self.client(service));
            let clients: Vec<_> = clients.collect::<Result<_, _>>()?;
            for number in 0..IN_FLIGHT {
                let (service, next) = (Arc::clone(service), Arc::clone(&next));
                let client = clients[number % CONNECTIONS].clone();
                tasks.spawn(async move { service.send(&client, &next, share).await });
            }
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok((share * self.services.len() as u64) as f64 / begun.elapsed().as_secs_f64())
    }

    fn client(&self, service: &Service) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .tls_certs_only([self.ca.clone()])
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(TIMEOUT);
        let builder = if service.http1 {
            builder.http1_only().resolve(&service.host, self.address)
        } else {
            builder
        };
        builder.build()
    }
}

impl Service {
    fn of(kept: &[Kept], base: &str) -> Result<Self> {
        Ok(Self {
            http1: kept[0].http == "1.1",
            host: kept[0].host.clone(),
            requests: kept
                .iter()
                .map(|kept| request(kept, base))
                .collect::<Result<_>>()?,
        })
    }

    async fn send(&self, client: &Client, next: &AtomicU64, count: u64) -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let place = usize::try_from(number)? % self.requests.len();
            let (url, headers, body) = &self.requests[place];
            let request = client
                .post(url.clone())
                .headers(headers.clone())
                .body(body.clone());
            let response = request.send().await?.error_for_status()?;
            response.bytes().await?;
        }
    }
}

fn request(kept: &Kept, base: &str) -> Result<(Url, HeaderMap, Bytes)> {
    let url = match kept.http.as_str() {
        "1.1" => format!("https://{}{}", kept.host, kept.path),
        _ => format!("{base}{}", kept.path),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &kept.headers {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok((url.parse()?, headers, STANDARD.decode(&kept.body)?.into()))
}
