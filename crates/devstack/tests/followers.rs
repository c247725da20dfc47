//! Thousands who follow their orders while the processor dies and comes back.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![expect(
    clippy::print_stderr,
    reason = "how long each part took is for people to read"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use devstack::testing::eventually;
use devstack::{Part, Stack, StackOptions};
use futures_util::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

const CLIENTS: usize = 2_000;
const ORDERS: usize = 1_000;
/// How many requests are under way at once: whoever has his stream open waits, and is none of them.
const AT_ONCE: usize = 32;
/// Submitted, confirmed, cancelled.
const VERSIONS: usize = 3;
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many followers have seen each version.
type Seen = [usize; VERSIONS + 1];

/// The API as followers and those who order use it.
struct Api {
    http: Client,
    url: String,
    token: String,
    turns: Semaphore,
}

impl Api {
    async fn of(stack: &Stack) -> Self {
        let http = Client::builder().pool_max_idle_per_host(AT_ONCE).build().unwrap();
        let url = stack.api_url().replace("localhost", "127.0.0.1");
        let answer = http
            .post(format!("{url}/v1/guest-sessions"))
            .send()
            .await
            .unwrap();
        let token = answer.json::<Value>().await.unwrap()["token"].clone();
        Self {
            http,
            url,
            token: token.as_str().unwrap().to_owned(),
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// Sends a request until it is accepted: a busy machine may be answered 503, and a retry under the same key is the same request.
    async fn post(&self, path: &str, key: usize, body: &Value) -> Value {
        let _turn = self.turns.acquire().await.unwrap();
        let accepted = eventually(path, async || {
            let request = self
                .http
                .post(format!("{}{path}", self.url))
                .bearer_auth(&self.token);
            let request = request
                .header("if-match", "*")
                .header("idempotency-key", key.to_string())
                .json(body);
            let answer = request.send().await.unwrap();
            let busy = answer.status() == StatusCode::SERVICE_UNAVAILABLE;
            assert!(
                busy || answer.status() == StatusCode::ACCEPTED,
                "{path}: {answer:?}"
            );
            (!busy).then_some(answer)
        });
        accepted.await.json().await.unwrap()
    }

    async fn order(&self, number: usize) -> String {
        let draft = json!({
            "lines": [{ "sku": "tea", "quantity": 1 }],
            "contact": { "name": "Ada Guest", "email": "ada@example.org" },
            "shipping_address": { "street": "1 Main Street", "city": "Berlin", "postcode": "10115", "country": "DE" },
        });
        let accepted = self.post("/v1/orders", number, &draft).await;
        format!("/v1/orders/{}", accepted["id"].as_str().unwrap())
    }

    async fn cancel(&self, order: &str) {
        self.post(&format!("{order}/cancellation"), 0, &json!({})).await;
    }

    /// Begins to follow an order, after the version that was seen last.
    async fn connect(&self, order: &str, last: Option<u64>) -> Response {
        let _turn = self.turns.acquire().await.unwrap();
        let mut request = self.http.get(format!("{}{order}/events", self.url));
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer
    }

    /// Follows an order to its end, over one connection or over a new one after each version. Gives the versions that were told.
    async fn follow(&self, order: &str, reconnects: bool, seen: &watch::Sender<Seen>) -> Vec<u64> {
        let mut versions = Vec::new();
        let mut stream = Stream::of(self.connect(order, None).await);
        loop {
            let block = stream.block().await;
            if block.lines().any(|line| line == "event: end") {
                return versions;
            }
            let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) else {
                continue;
            };
            let version: u64 = id.parse().unwrap();
            versions.push(version);
            seen.send_modify(|seen| seen[version as usize] += 1);
            if reconnects && version < VERSIONS as u64 {
                stream = Stream::of(self.connect(order, Some(version)).await);
            }
        }
    }
}

/// A stream of events, block by block.
struct Stream {
    answer: Response,
    text: String,
}

impl Stream {
    fn of(answer: Response) -> Self {
        let text = String::new();
        Self { answer, text }
    }

    async fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return block;
            }
            let chunk = self.answer.chunk().await.unwrap();
            let chunk = chunk.expect("a stream ends with its order");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

/// Lets this process, and those that it starts from now on, have a file open for each client and some more.
fn allow_open_files() {
    let needed = 2 * CLIENTS as u64;
    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    assert!(
        most >= needed,
        "this test needs {needed} open files, and the machine allows {most}: raise the hard limit (ulimit -Hn)"
    );
    setrlimit(Resource::RLIMIT_NOFILE, now.max(needed), most).unwrap();
}

/// Waits until so many have seen a version.
async fn until(seen: &watch::Sender<Seen>, version: usize, clients: usize) {
    let mut watched = seen.subscribe();
    let enough = watched.wait_for(|seen| seen[version] >= clients);
    if timeout(PATIENCE, enough).await.is_err() {
        panic!(
            "waited in vain for {clients} to see version {version}: {:?}",
            *seen.borrow()
        );
    }
}

/// How the processor goes in the middle of its work.
enum End {
    /// As `kill -9`: what it had in hand is handed out again when its time is up.
    Killed,
    /// As with a new version of it: SIGTERM.
    Replaced,
}

/// Starts the processor, has it go as soon as some have seen the version that it makes, and starts it again.
async fn decide_with_a_restart(stack: &Stack, seen: &watch::Sender<Seen>, version: usize, end: End) {
    let processor = Part::OrderProcessor;
    stack.start_part(processor).await.unwrap();
    until(seen, version, CLIENTS / 20).await;
    match end {
        End::Killed => stack.kill(processor).await.unwrap(),
        End::Replaced => assert!(stack.terminate(processor).await.unwrap().is_some()),
    }
    let then = seen.borrow()[version];
    eprintln!("the processor was gone when {then} of {CLIENTS} had seen version {version}");
    stack.start_part(processor).await.unwrap();
    until(seen, version, CLIENTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_followers_see_every_version_once_and_in_order_while_the_processor_restarts() {
    allow_open_files();
    let options = StackOptions::for_test()
        .unwrap()
        .without(Part::PushSandbox)
        .without(Part::NotificationHub)
        .without(Part::WebFrontend);
    let stack = Stack::start(options).await.unwrap();
    let tea = "products add tea --name Tea --category tea --price 4.50 --stock 100000";
    stack.waybillctl(tea.split(' ')).await.unwrap();
    let api = Arc::new(Api::of(&stack).await);
    stack.kill(Part::OrderProcessor).await.unwrap();

    let began = Instant::now();
    let orders = join_all((0..ORDERS).map(|number| api.order(number))).await;
    eprintln!("{ORDERS} orders after {:?}", began.elapsed());
    let seen = Arc::new(watch::Sender::new([0; VERSIONS + 1]));
    let mut followers = JoinSet::new();
    for client in 0..CLIENTS {
        let (api, seen) = (Arc::clone(&api), Arc::clone(&seen));
        let order = orders[client % ORDERS].clone();
        // One of the two who follow an order.
        let reconnects = client < ORDERS;
        followers.spawn(async move { api.follow(&order, reconnects, &seen).await });
    }
    until(&seen, 1, CLIENTS).await;
    eprintln!("{CLIENTS} follow after {:?}", began.elapsed());
    decide_with_a_restart(&stack, &seen, 2, End::Killed).await;
    eprintln!("confirmed after {:?}", began.elapsed());

    stack.kill(Part::OrderProcessor).await.unwrap();
    join_all(orders.iter().map(|order| api.cancel(order))).await;
    decide_with_a_restart(&stack, &seen, 3, End::Replaced).await;
    eprintln!("cancelled after {:?}", began.elapsed());
    let told = timeout(PATIENCE, followers.join_all()).await.unwrap();
    assert_eq!(told.len(), CLIENTS);
    for versions in told {
        assert_eq!(versions, [1, 2, 3]);
    }
    stack.stop().await;
}
