//! The site in this process, with servers of its own and the seed catalog, and a visitor who remembers his cookie.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use chassis::http::Listeners;
use chassis::telemetry;
use clap::Parser;
use devstack::testing::TestServers;
use domain::decide::decide_product;
use domain::{Actor, CatalogAction, CatalogCommand, CommandId, Sku};
use messaging::Messaging;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use storage::Storage;
use tokio_util::sync::CancellationToken;
use web_frontend::app;
use web_frontend::args::Args;

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

pub(crate) struct Site {
    pub(crate) servers: TestServers,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    running: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl Site {
    /// The site alone, on plain http: orders wait.
    pub(crate) async fn open() -> Self {
        Self::start(&["--dev"]).await
    }

    /// The site as it is in production, where https ends before it.
    pub(crate) async fn open_for_https() -> Self {
        Self::start(&[]).await
    }

    async fn start(flags: &[&str]) -> Self {
        let servers = TestServers::start().await;
        let database = servers.database_url.clone();
        Storage::migrate(&database.clone().into()).await.unwrap();
        messaging::topology::apply(&messaging(&servers.nats_url).await)
            .await
            .unwrap();
        let storage = storage(&database).await;
        seed(&storage).await;
        let args = Args::parse_from(
            [
                "web-frontend",
                "--http-workers=2",
                "--drain-timeout=20s",
                "--linger=0s",
                "--secret-key",
                KEY,
            ]
            .map(str::to_owned)
            .into_iter()
            .chain(flags.iter().map(|flag| (*flag).to_owned()))
            .chain(places(&servers, "web-frontend")),
        );
        let listeners = Listeners::bind(anywhere(), anywhere()).unwrap();
        let address = listeners.public.local_addr().unwrap();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let running = vec![on_its_own(move || {
            app::run(args, listeners, telemetry::for_tests().unwrap(), stopping)
        })];
        let site = Self {
            servers,
            address,
            stop,
            running,
        };
        site.wait_open().await;
        site
    }

    /// Starts the processor, so that orders are decided.
    pub(crate) fn start_processor(&mut self) {
        let args = order_processor::args::Args::parse_from(
            ["order-processor".to_owned()]
                .into_iter()
                .chain(places(&self.servers, "order-processor")),
        );
        let admin = chassis::admin::bind(anywhere(), "--admin-listen").unwrap();
        let telemetry = telemetry::for_tests().unwrap();
        let stop = self.stop.clone();
        self.running.push(on_its_own(move || {
            order_processor::app::run(args, admin, telemetry, stop)
        }));
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Stops what runs here and waits for its end.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        for running in self.running {
            tokio::task::spawn_blocking(move || running.join())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
        }
    }

    async fn wait_open(&self) {
        devstack::testing::eventually("the site to open", async || {
            reqwest::get(self.url("/"))
                .await
                .ok()
                .filter(|answer| answer.status() == StatusCode::OK)
        })
        .await;
    }
}

/// Runs a service on a thread and a runtime of its own, as its program does.
fn on_its_own<F>(service: impl FnOnce() -> F + Send + 'static) -> JoinHandle<anyhow::Result<()>>
where
    F: Future<Output = anyhow::Result<()>>,
{
    std::thread::spawn(move || tokio::runtime::Runtime::new()?.block_on(service()))
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn places(servers: &TestServers, service: &str) -> [String; 3] {
    [
        format!("--database-url={}", servers.database_url_of(service)),
        format!("--nats-url={}", servers.nats_url),
        format!("--redis-url={}", servers.redis_url),
    ]
}

async fn messaging(url: &str) -> Messaging {
    let options = messaging::ConnectOptions {
        url: url.to_owned().into(),
        seed: None,
        name: "test".to_owned(),
        request_timeout: Duration::from_secs(5),
        now: chassis::clock::now,
    };
    Messaging::connect(options).await.unwrap()
}

pub(crate) async fn storage(url: &str) -> Storage {
    let options = storage::ConnectOptions {
        url: url.to_owned().into(),
        name: "test".to_owned(),
        max_connections: 2,
        timeout: Duration::from_secs(5),
    };
    Storage::connect(options).await.unwrap()
}

async fn seed(storage: &Storage) {
    let products: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../../../crates/waybillctl/seed/products.json")).unwrap();
    let mut transaction = storage.begin(&BTreeSet::new()).await.unwrap();
    for product in products {
        let sku: Sku = product["sku"].as_str().unwrap().parse().unwrap();
        let command = CatalogCommand {
            id: CommandId::for_product(&sku, &"seed".parse().unwrap()),
            sku,
            actor: Actor::Staff("test".to_owned()),
            at: chassis::clock::now(),
            action: CatalogAction::Add(Box::new(serde_json::from_value(product).unwrap())),
        };
        let written = decide_product(None, &command, command.at);
        transaction.write_product(&written).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Someone with a browser that keeps the site's cookie.
pub(crate) struct Visitor<'a> {
    site: &'a Site,
    client: Client,
    pub(crate) cookie: Option<String>,
}

impl<'a> Visitor<'a> {
    pub(crate) fn new(site: &'a Site) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self {
            site,
            client,
            cookie: None,
        }
    }

    fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Response {
        let answer = self
            .with_cookie(self.client.get(self.site.url(path)))
            .send()
            .await
            .unwrap();
        let set = answer
            .headers()
            .get("set-cookie")
            .map(|value| value.to_str().unwrap().to_owned());
        if let Some(set) = set {
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        answer
    }

    /// Sends a form as our own page does.
    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Response {
        self.post_from(&format!("http://{}", self.site.address), path, fields)
            .await
    }

    /// Sends a form as a page of `origin` does.
    pub(crate) async fn post_from(&self, origin: &str, path: &str, fields: &[(String, String)]) -> Response {
        let request = self
            .client
            .post(self.site.url(path))
            .header("origin", origin)
            .form(fields);
        self.with_cookie(request).send().await.unwrap()
    }

    /// Opens the order form for `choice` and fills it.
    pub(crate) async fn fill(&mut self, choice: &str) -> Vec<(String, String)> {
        let answer = self.get(&format!("/checkout?{choice}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let html = answer.text().await.unwrap();
        let mut fields = inputs(&html);
        for (name, value) in [
            ("name", "Ada Lovelace"),
            ("email", "ada@example.org"),
            ("street", "Ring 1"),
            ("postcode", "1010"),
            ("city", "Wien"),
            ("country", "AT"),
            ("note", "Ring twice\r\nplease"),
        ] {
            set(&mut fields, name, value);
        }
        fields
    }

    /// Orders `choice`; gives the address of the order's page.
    pub(crate) async fn order(&mut self, choice: &str) -> String {
        let form = self.fill(choice).await;
        let answer = self.post("/orders", &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        location(&answer)
    }
}

pub(crate) fn location(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

pub(crate) fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
}

/// The names and values of a page's inputs.
pub(crate) fn inputs(html: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        tag.split(&format!(" {name}=\""))
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .map(str::to_owned)
    };
    let tags = html
        .split("<input")
        .skip(1)
        .filter_map(|rest| rest.split('>').next());
    tags.filter_map(|tag| {
        Some((
            attribute(tag, "name")?,
            attribute(tag, "value").unwrap_or_default(),
        ))
    })
    .collect()
}
