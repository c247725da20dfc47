//! A processor in this process, with servers of its own, and short ways to talk to it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cache::{Cache, Policy};
use chassis::clock;
use clap::Parser;
use devstack::testing::{TestServers, eventually};
use domain::catalog::AddProduct;
use domain::{
    Access, CatalogAction, CatalogCommand, CatalogEvent, Order, OrderCommand, OrderEvent, OrderId,
    OrderState, Product,
};
use messaging::commands::{catalog_message, order_message};
use messaging::live::Live;
use messaging::{DeadLetter, DeadLetters, Messaging};
use order_processor::{app, args::Args};
use secrecy::SecretString;
use storage::Storage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::samples::*;

pub(crate) struct Stack {
    pub(crate) servers: TestServers,
    pub(crate) storage: Storage,
    pub(crate) messaging: Messaging,
    processors: Vec<Processor>,
}

struct Processor {
    admin: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Stack {
    /// Servers with schema and topology, and no processor yet.
    pub(crate) async fn idle() -> Self {
        let servers = TestServers::start().await;
        let url = SecretString::from(servers.database_url.clone());
        Box::pin(Storage::migrate(&url)).await.unwrap();
        let storage = Storage::connect(storage::ConnectOptions {
            url,
            name: "test".into(),
            max_connections: 4,
            timeout: Duration::from_secs(5),
        });
        let messaging = Messaging::connect(messaging::ConnectOptions {
            url: servers.nats_url.clone().into(),
            seed: None,
            name: "test".into(),
            request_timeout: Duration::from_secs(5),
            now: clock::now,
        });
        let (storage, messaging) = (Box::pin(storage).await.unwrap(), messaging.await.unwrap());
        messaging::topology::apply(&messaging).await.unwrap();
        Self {
            servers,
            storage,
            messaging,
            processors: Vec::new(),
        }
    }

    /// With a processor and 1000 of tea at 4.50.
    pub(crate) async fn start() -> Self {
        let mut stack = Self::idle().await;
        stack.start_processor();
        stack.add("tea", 450, 1000).await;
        stack
    }

    pub(crate) fn start_processor(&mut self) {
        self.start_processor_with(&self.servers.database_url_of("order-processor"), &[]);
    }

    /// Starts one with another way to the database and `more` flags.
    pub(crate) fn start_processor_with(&mut self, database_url: &str, more: &[&str]) {
        let servers = [
            "order-processor",
            "--database-url",
            database_url,
            "--nats-url",
            &self.servers.nats_url,
            "--redis-url",
            &self.servers.redis_url,
        ];
        let args = Args::parse_from(servers.iter().chain(more));
        let admin = chassis::admin::bind("127.0.0.1:0".parse().unwrap(), "--admin-listen").unwrap();
        let address = admin.local_addr().unwrap();
        let stop = CancellationToken::new();
        let telemetry = chassis::telemetry::for_tests().unwrap();
        let token = stop.clone();
        let running = thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new()?;
            runtime.block_on(app::run(args, admin, telemetry, token))
        });
        self.processors.push(Processor {
            admin: address,
            stop,
            running,
        });
    }

    /// Stops the last one as SIGTERM would.
    pub(crate) async fn stop_processor(&mut self) {
        let processor = self.processors.pop().unwrap();
        processor.stop.cancel();
        tokio::task::spawn_blocking(|| processor.running.join())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }

    /// What the processor's admin port answers to `GET path`.
    pub(crate) async fn admin(&self, path: &str) -> String {
        ask(self.processors[0].admin, path).await.unwrap()
    }

    pub(crate) async fn send(&self, command: &OrderCommand) {
        eventually("the command's acknowledgement", async || {
            self.messaging
                .publish(&order_message(command, "test", None))
                .await
                .ok()
        })
        .await;
    }

    pub(crate) async fn send_catalog(&self, command: &CatalogCommand) {
        eventually("the command's acknowledgement", async || {
            self.messaging
                .publish(&catalog_message(command, "test"))
                .await
                .ok()
        })
        .await;
    }

    /// Puts a product up for sale and waits until it is.
    pub(crate) async fn add(&self, name: &str, minor: i64, stock: i64) {
        let add = AddProduct {
            name: format!("The {name}").parse().unwrap(),
            description: String::new().try_into().unwrap(),
            category: "tea".parse().unwrap(),
            price: eur(minor),
            stock,
            picture: None,
        };
        self.send_catalog(&catalog(name, "add", CatalogAction::Add(Box::new(add))))
            .await;
        self.product_when(name, "added", |_| true).await;
    }

    pub(crate) async fn product_when(
        &self,
        name: &str,
        what: &str,
        fits: impl Fn(&Product) -> bool,
    ) -> Product {
        eventually(what, async || {
            self.storage.product(&sku(name)).await.unwrap().filter(&fits)
        })
        .await
    }

    pub(crate) async fn order(&self, id: OrderId) -> Option<Order> {
        self.storage.order(Access::Staff, id).await.unwrap()
    }

    pub(crate) async fn order_in(&self, id: OrderId, state: OrderState) -> Order {
        eventually(state.as_str(), async || {
            self.order(id).await.filter(|order| order.state == state)
        })
        .await
    }

    /// Everything `EVENTS` holds of the order, in the stream's order, once it has reached `version`.
    pub(crate) async fn events_to(&self, id: OrderId, version: u32) -> Vec<OrderEvent> {
        eventually("the order's events", async || {
            let events = self.events(id).await;
            events
                .iter()
                .any(|event| event.version.0 >= version)
                .then_some(events)
        })
        .await
    }

    /// Everything `EVENTS` holds of the order now, in the stream's order.
    pub(crate) async fn events(&self, id: OrderId) -> Vec<OrderEvent> {
        use futures_util::StreamExt;
        let live = self.messaging.live(Duration::from_secs(3600));
        let all = live.take_while(|live| std::future::ready(!matches!(live, Live::CaughtUp)));
        let of_order = all.filter_map(async |live| match live {
            Live::Event(event) if event.order == id => Some(event),
            _ => None,
        });
        tokio::time::timeout(Duration::from_secs(10), of_order.collect())
            .await
            .unwrap()
    }

    pub(crate) async fn dead_letter(&self) -> DeadLetter {
        let letters = DeadLetters::new(self.messaging.clone());
        eventually("a dead letter", async || {
            letters.list(0, 10).await.ok()?.into_iter().next()
        })
        .await
    }

    /// What the command on a product caused, as Postgres remembers it.
    pub(crate) async fn caused(&self, command: &CatalogCommand) -> Option<CatalogEvent> {
        let mut transaction = self.storage.begin(&BTreeSet::new()).await.unwrap();
        transaction.handled_product(command.id).await.unwrap()
    }

    pub(crate) async fn cached(&self, id: OrderId) -> Option<u64> {
        let redis = cache::Redis::new(cache::ConnectOptions {
            url: self.servers.redis_url.clone().into(),
            max_connections: 1,
            timeout: Duration::from_secs(1),
        });
        let orders = Cache::<Order>::new(Policy::ORDERS, redis.unwrap());
        orders
            .get(&id.to_string(), 0)
            .await
            .ok()
            .flatten()
            .map(|entry| entry.version)
    }

    /// Waits until nothing is left to be handled.
    pub(crate) async fn idle_queues(&self) {
        eventually("empty queues", async || {
            let queues = self.messaging.queues().await.ok()?;
            let mut work = queues
                .iter()
                .filter(|queue| queue.stream == "ORDERS" || queue.stream == "CATALOG");
            work.all(|queue| queue.pending == 0 && queue.in_hand == 0)
                .then_some(())
        })
        .await;
    }
}

/// What the admin port at `address` answers to `GET path`.
pub(crate) async fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
