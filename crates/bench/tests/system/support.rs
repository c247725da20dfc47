//! A shop of a test's own, and what one does in it.

use std::time::Duration;

use devstack::servers::postgres::psql;
use devstack::{Part, Stack, StackOptions};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::{Value, json};
use storage::Storage;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep};

/// How long what should come at once may take on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A stack and someone who uses it.
pub(crate) struct Shop {
    pub(crate) stack: Stack,
    pub(crate) http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// A header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Stacks without what the tests here seldom need.
pub(crate) fn orders_only() -> StackOptions {
    StackOptions::for_test()
        .unwrap()
        .without(Part::PushSandbox)
        .without(Part::NotificationHub)
        .without(Part::WebFrontend)
}

impl Shop {
    pub(crate) async fn start(options: StackOptions) -> Self {
        Self {
            stack: Stack::start(options).await.unwrap(),
            http: reqwest::Client::new(),
        }
    }

    /// A new guest's token.
    pub(crate) async fn guest(&self) -> String {
        let request = self
            .http
            .post(format!("{}/v1/guest-sessions", self.stack.api_url()));
        let answer = read(request).await.unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// Sends an order.
    pub(crate) async fn submit(&self, token: &str, key: &str, draft: &Value) -> Answer {
        let request = self
            .http
            .post(format!("{}/v1/orders", self.stack.api_url()))
            .bearer_auth(token)
            .header("Idempotency-Key", key)
            .json(draft);
        read(request).await.unwrap()
    }

    /// Sends an order that must be accepted, and gives its id.
    pub(crate) async fn order(&self, token: &str, key: &str, draft: &Value) -> String {
        let answer = self.submit(token, key, draft).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Reads an order as its customer does.
    pub(crate) async fn read(&self, token: &str, id: &str) -> Answer {
        let request = self
            .http
            .get(format!("{}/v1/orders/{id}", self.stack.api_url()))
            .bearer_auth(token);
        read(request).await.unwrap()
    }

    /// Puts a product up for sale.
    pub(crate) async fn add(&self, sku: &str, units: u32) {
        let units = units.to_string();
        let words = [
            "products",
            "add",
            sku,
            "--name",
            sku,
            "--category",
            "tea",
            "--price",
            "4.50",
        ];
        self.ctl(words.into_iter().chain(["--stock", &units])).await;
    }

    /// Runs `waybillctl`, which must succeed.
    pub(crate) async fn ctl<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Value {
        let words = ["--output", "json"].into_iter().chain(words);
        let said = self.stack.waybillctl(words).await.unwrap();
        serde_json::from_str(&said).unwrap()
    }

    /// One value of the database.
    pub(crate) fn sql(&self, statement: &str) -> String {
        self.stack.psql(statement).unwrap()
    }

    /// How many processors wait for a row that someone holds.
    pub(crate) fn processors_waiting(&self) -> u32 {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE application_name = 'order-processor' AND wait_event_type = 'Lock'";
        self.sql(waiting).parse().unwrap()
    }

    /// How many orders are stored.
    pub(crate) fn orders(&self) -> String {
        self.sql("SELECT count(*) FROM orders")
    }

    /// Waits until an order is stored in this state.
    pub(crate) async fn in_state(&self, id: &str, state: &str) {
        until(&format!("order {id} to be {state}"), SOON, async || {
            let found = self.sql(&format!("SELECT state FROM orders WHERE id = '{id}'"));
            (found == state).then_some(())
        })
        .await;
    }

    /// The dead letters, oldest first.
    pub(crate) async fn dead_letters(&self) -> Vec<Value> {
        self.ctl(["dead-letters", "list"])
            .await
            .as_array()
            .unwrap()
            .clone()
    }

    /// Waits until nothing waits for the processor and it has nothing in hand.
    pub(crate) async fn processed(&self) {
        self.empty(&["ORDERS", "CATALOG"]).await;
    }

    /// Waits until nothing waits in any queue and nothing is in anyone's hand. Dead letters count too.
    pub(crate) async fn idle(&self) {
        self.empty(&["ORDERS", "CATALOG", "EVENTS", "NOTIFICATIONS", "DEAD_LETTERS"])
            .await;
    }

    async fn empty(&self, streams: &[&str]) {
        until(&format!("{streams:?} to be empty"), SOON, async || {
            let queues = self.ctl(["queues"]).await;
            let queues = queues.as_array().unwrap().iter();
            let waiting = |queue: &&Value| queue["pending"] != 0 || queue["in_hand"] != 0;
            let mut queues = queues.filter(|queue| streams.iter().any(|stream| queue["stream"] == *stream));
            queues.all(|queue| !waiting(&queue)).then_some(())
        })
        .await;
    }

    /// The database, past the services.
    pub(crate) async fn storage(&self) -> Storage {
        let options = storage::ConnectOptions {
            url: SecretString::from(self.stack.database_url()),
            name: "test".into(),
            max_connections: 2,
            timeout: Duration::from_secs(10),
        };
        Storage::connect(options).await.unwrap()
    }
}

/// The body that orders `units` of `sku`.
pub(crate) fn draft(sku: &str, units: u32) -> Value {
    json!({
        "lines": [{ "sku": sku, "quantity": units }],
        "contact": { "name": "Ada Guest", "email": "ada@example.org" },
        "shipping_address": { "street": "1 Main Street", "city": "Berlin", "postcode": "10115", "country": "DE" },
    })
}

/// Sends a request and reads the answer whole.
pub(crate) async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await?;
    Ok(Answer {
        status,
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

/// Asks `probe` again and again until it gives something; after `limit` panics naming `what`.
pub(crate) async fn until<T>(what: &str, limit: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for {what}");
        sleep(Duration::from_millis(25)).await;
    }
}

/// Empties Redis, which keeps running.
pub(crate) async fn flush_redis(shop: &Shop) {
    bench::fault::flush_redis(&shop.stack).await.unwrap();
}

/// A row that someone keeps to himself: commands on it are taken in hand and get no further.
pub(crate) struct Held {
    holding: JoinHandle<()>,
}

/// Holds a product until it is released.
pub(crate) async fn hold(shop: &Shop, sku: &str) -> Held {
    hold_row(shop, &format!("products WHERE sku = '{sku}'")).await
}

/// Holds a row until it is released.
pub(crate) async fn hold_row(shop: &Shop, row: &str) -> Held {
    let statement = format!("WITH held AS (SELECT * FROM {row} FOR UPDATE) SELECT pg_sleep(300) FROM held");
    let database = shop.stack.database_url().to_owned();
    let holding = spawn_blocking(move || {
        // Its end is that it is cancelled.
        let _ = psql(&database, &statement);
    });
    until("the row to be held", SOON, async || {
        (shop.sql(HOLDERS) == "1").then_some(())
    })
    .await;
    Held { holding }
}

const HOLDERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";

impl Held {
    /// Lets it go.
    pub(crate) async fn release(self, shop: &Shop) {
        shop.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
        self.holding.await.unwrap();
    }
}
