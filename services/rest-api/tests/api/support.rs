//! The API in this process, with servers of its own and the seed catalog, and guests who use it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use chassis::http::Listeners;
use chassis::telemetry;
use clap::Parser;
use devstack::proxy::Proxy;
use devstack::testing::{self, TestServers, eventually, token_keys_file};
use domain::{Access, Customer, GuestId};
use identity::GuestTokens;
use messaging::Messaging;
use reqwest::{Client, Method, RequestBuilder};
use rest_api::app;
use rest_api::args::Args;
use serde_json::{Value, json};
use storage::{OrderFilter, Storage};
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::seed::seed;

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

pub(crate) struct Api {
    /// The file of the keys that access tokens are signed with.
    pub(crate) token_keys: PathBuf,
    pub(crate) servers: TestServers,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) messaging: Messaging,
    pub(crate) storage: Storage,
    /// The API's way to Postgres.
    pub(crate) postgres: Proxy,
    client: Client,
    stop: CancellationToken,
    running: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl Api {
    /// The API alone: orders wait.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The API and the processor: orders are decided.
    pub(crate) async fn start_whole() -> Self {
        let mut api = Self::start().await;
        api.start_processor();
        api
    }

    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        let servers = TestServers::start().await;
        Box::pin(Storage::migrate(&servers.database_url.clone().into()))
            .await
            .unwrap();
        let messaging = messaging(&servers.nats_url).await;
        messaging::topology::apply(&messaging).await.unwrap();
        let storage = storage(&servers.database_url).await;
        seed(&storage).await;
        let (postgres, database_url) = testing::gate(&servers.database_url_of("rest-api")).await;
        let token_keys = token_keys_file();
        let keys = format!("--token-keys-file={}", token_keys.display());
        let own = [
            "rest-api",
            "--http-workers=2",
            "--drain-timeout=20s",
            "--secret-key",
            KEY,
            "--listen=127.0.0.1:0",
            "--admin-listen=127.0.0.1:0",
            &keys,
        ];
        let args = own.iter().chain(flags).map(|&flag| flag.to_owned());
        let mut args = Args::parse_from(args.chain(places(&servers, &database_url)));
        if !flags.iter().any(|flag| flag.starts_with("--linger")) {
            // Whoever asked keeps his connections.
            args.port.linger = Duration::ZERO;
        }
        let listeners = Listeners::bind(args.listen, args.service.admin_listen).unwrap();
        let address = listeners.public.local_addr().unwrap();
        let admin = listeners.admin.local_addr().unwrap();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let running = vec![on_its_own(move || {
            app::run(args, listeners, telemetry::for_tests().unwrap(), stopping)
        })];
        let api = Self {
            token_keys,
            servers,
            address,
            admin,
            messaging,
            storage,
            postgres,
            client: Client::new(),
            stop,
            running,
        };
        api.wait_ready().await;
        api
    }

    /// Starts the processor, so that orders are decided.
    pub(crate) fn start_processor(&mut self) {
        let places = places(&self.servers, &self.servers.database_url_of("order-processor"));
        let args = ["order-processor".to_owned()].into_iter().chain(places);
        let args = order_processor::args::Args::parse_from(args);
        let admin = chassis::admin::bind(SocketAddr::from(([127, 0, 0, 1], 0)), "--admin-listen").unwrap();
        let (telemetry, stop) = (telemetry::for_tests().unwrap(), self.stop.clone());
        self.running.push(on_its_own(move || {
            order_processor::app::run(args, admin, telemetry, stop)
        }));
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// What `GET path` of the admin port answers.
    pub(crate) async fn ask_admin(&self, path: &str) -> Answer {
        Answer::of(self.client.get(format!("http://{}{path}", self.admin))).await
    }

    pub(crate) async fn wait_ready(&self) {
        eventually("the API to be ready", async || {
            let answer = self.client.get(format!("http://{}/readyz", self.admin)).send();
            answer.await.ok().filter(|answer| answer.status() == 200)
        })
        .await;
    }

    /// Whether nothing waits and nothing is stored: no order was made.
    pub(crate) async fn assert_no_order(&self) {
        let waiting = testing::stored(&self.servers.nats_url, "ORDERS").await;
        let any = OrderFilter::default();
        let stored = self.storage.orders(Access::Staff, &any, None, 1).await.unwrap();
        assert_eq!((waiting, stored.orders.len()), (0, 0), "an order was made");
    }

    /// Waits until no order's command is left.
    pub(crate) async fn wait_handled(&self) {
        eventually("every command to be handled", async || {
            let queues = self.messaging.queues().await.ok()?;
            let mut orders = queues.iter().filter(|queue| queue.stream == "ORDERS");
            orders
                .all(|queue| queue.pending + queue.in_hand == 0)
                .then_some(())
        })
        .await;
    }

    /// Begins to stop what runs here.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Stops what runs here and waits for its end.
    pub(crate) async fn close(self) {
        self.stop();
        for running in self.running {
            let ended = tokio::task::spawn_blocking(move || running.join());
            ended.await.unwrap().unwrap().unwrap();
        }
    }
}

/// Someone with a token of his own.
pub(crate) struct Guest<'a> {
    pub(crate) api: &'a Api,
    pub(crate) id: GuestId,
    pub(crate) token: String,
}

impl<'a> Guest<'a> {
    pub(crate) fn new(api: &'a Api) -> Self {
        let id = GuestId(chassis::clock::random_id());
        let token = GuestTokens::new(KEY.parse().unwrap()).mint(id);
        Self { api, id, token }
    }

    pub(crate) fn customer(&self) -> Customer {
        Customer::Guest(self.id)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.api.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        Answer::of(request.json(body)).await
    }

    /// Sends an order under `key`.
    pub(crate) async fn send(&self, key: &str, body: &Value) -> Answer {
        self.post("/v1/orders", key, body).await
    }

    /// Orders one thing; gives the order's address.
    pub(crate) async fn order(&self, sku: &str, quantity: i64) -> String {
        let key = chassis::clock::random_id().to_string();
        let answer = self.send(&key, &draft(&[(sku, quantity)])).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.header("location")
    }

    /// The order at `path` once it is in `state`.
    pub(crate) async fn order_in(&self, path: &str, state: &str) -> Value {
        eventually(state, async || {
            let answer = self.get(path).await;
            (answer.status == 200)
                .then(|| answer.json())
                .filter(|order| order["state"] == state)
        })
        .await
    }
}

/// The body of an order.
pub(crate) fn draft(lines: &[(&str, i64)]) -> Value {
    let lines: Vec<_> = lines
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
        .collect();
    json!({
        "lines": lines,
        "contact": { "name": "Ada Lovelace", "email": "ada@example.org" },
        "shipping_address": { "street": "Ring 1", "postcode": "1010", "city": "Wien", "country": "AT" },
    })
}

/// Runs a service on a thread and a runtime of its own, as its program does.
fn on_its_own<F>(service: impl FnOnce() -> F + Send + 'static) -> JoinHandle<anyhow::Result<()>>
where
    F: Future<Output = anyhow::Result<()>>,
{
    std::thread::spawn(move || tokio::runtime::Runtime::new()?.block_on(service()))
}

fn places(servers: &TestServers, database_url: &str) -> [String; 3] {
    [
        format!("--database-url={database_url}"),
        format!("--nats-url={}", servers.nats_url),
        format!("--redis-url={}", servers.redis_url),
    ]
}

pub(crate) async fn messaging(url: &str) -> Messaging {
    let options = messaging::ConnectOptions {
        url: url.to_owned().into(),
        seed: None,
        name: "test".to_owned(),
        request_timeout: Duration::from_secs(5),
        now: chassis::clock::now,
    };
    Messaging::connect(options).await.unwrap()
}

async fn storage(url: &str) -> Storage {
    let options = storage::ConnectOptions {
        url: url.to_owned().into(),
        name: "test".to_owned(),
        max_connections: 2,
        timeout: Duration::from_secs(5),
    };
    Box::pin(Storage::connect(options)).await.unwrap()
}
