//! The sandbox over the wire: what the real services refuse is refused, what they take is shown.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod apns;
mod apns_faults;
mod fcm;
mod mail;
mod scale;
mod site;
mod smtp;
mod webpush;
mod webpush_refusals;
mod wns;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use push_sandbox::{Clock, Delivery, Filter, NewDevice, Options, Platform, Sandbox};
use reqwest::{Certificate, Client};
use serde_json::Value;
use tempfile::TempDir;

/// A running sandbox, a client that trusts its CA, and a clock the test moves.
struct Wire {
    sandbox: Sandbox,
    http: Client,
    clock: Arc<AtomicI64>,
    _folder: TempDir,
}

impl Wire {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(AtomicI64::new(1_800_000_000));
        let told = clock.clone();
        let told = move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap();
        let options = Options {
            clock: Clock::new(told),
            ..Options::on_free_ports(folder.path())
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let http = Self::trusting(&sandbox).build().unwrap();
        Self {
            sandbox,
            http,
            clock,
            _folder: folder,
        }
    }

    /// A client of one's own making that trusts the CA. It repeats nothing: each test counts what it sent.
    fn trusting(sandbox: &Sandbox) -> reqwest::ClientBuilder {
        let pem = std::fs::read(&sandbox.credentials.ca_pem_path).unwrap();
        Client::builder()
            .retry(reqwest::retry::never())
            .tls_certs_only([Certificate::from_pem(&pem).unwrap()])
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn device(&self, platform: Platform) -> push_sandbox::Device {
        self.sandbox.add_device(&NewDevice::of(platform)).unwrap()
    }

    fn deliveries(&self) -> Vec<Delivery> {
        self.sandbox.deliveries(&Filter::default())
    }

    /// The page's port, as JSON.
    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sandbox.http_url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}
