//! A server with the topology applied, and a worker whose handler is a closure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use devstack::testing::{TestServers, eventually};
use domain::commands::Cancel;
use domain::{Actor, CommandId, Customer, OrderAction, OrderCommand, OrderId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use messaging::{
    Attempts, ConnectOptions, Delivery, Handler, HandlerError, Message, Messaging, Outcome, Worker, commands,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Server {
    pub(crate) servers: TestServers,
    pub(crate) messaging: Messaging,
    /// The same server, past our own crate.
    pub(crate) raw: async_nats::jetstream::Context,
}

#[expect(clippy::disallowed_methods, reason = "a test reads the real clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

impl Server {
    pub(crate) async fn start() -> Self {
        let server = Self::empty().await;
        messaging::topology::apply(&server.messaging).await.unwrap();
        server
    }

    /// Without topology.
    pub(crate) async fn empty() -> Self {
        let servers = TestServers::start().await;
        let messaging = connect(&servers.nats_url).await;
        let raw = async_nats::jetstream::new(async_nats::connect(&servers.nats_url).await.unwrap());
        Self {
            servers,
            messaging,
            raw,
        }
    }

    pub(crate) async fn publish(&self, message: &Message) -> u64 {
        self.messaging.publish(message).await.unwrap().sequence
    }

    /// The newest message of `stream` on `subject`, once there is one.
    pub(crate) async fn last(&self, stream: &str, subject: &str) -> StreamMessage {
        let stream = self.raw.get_stream_no_info(stream).await.unwrap();
        eventually(subject, async || {
            stream.get_last_raw_message_by_subject(subject).await.ok()
        })
        .await
    }

    /// How many messages `stream` holds.
    pub(crate) async fn at(&self, stream: &str, sequence: u64) -> StreamMessage {
        let stream = self.raw.get_stream(stream).await.unwrap();
        stream.get_raw_message(sequence).await.unwrap()
    }

    pub(crate) async fn count(&self, stream: &str) -> u64 {
        self.raw
            .get_stream(stream)
            .await
            .unwrap()
            .cached_info()
            .state
            .messages
    }

    pub(crate) async fn emptied(&self, stream: &str) {
        let what = format!("an empty {stream}");
        eventually(&what, async || (self.count(stream).await == 0).then_some(())).await;
    }

    /// A worker over one consumer, with `attempts`.
    pub(crate) fn worker(&self, stream: &str, consumer: &str, attempts: &Counts) -> Worker<Counts> {
        Worker {
            messaging: self.messaging.clone(),
            stream: stream.into(),
            consumers: vec![consumer.into()],
            attempts: attempts.clone(),
            max_batch: 128,
            concurrency: 1,
            isolates: false,
            max_attempts: 5,
        }
    }
}

pub(crate) async fn connect(url: &str) -> Messaging {
    let (name, request_timeout) = ("test-service".into(), Duration::from_secs(15));
    Messaging::connect(ConnectOptions {
        url: url.to_owned().into(),
        seed: None,
        name,
        request_timeout,
        now,
    })
    .await
    .unwrap()
}

/// Attempts by stream and sequence, as `storage` keeps them in a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(pub(crate) Arc<Mutex<HashMap<(String, u64), u32>>>);

impl Counts {
    pub(crate) fn of(&self, stream: &str, sequence: u64) -> Option<u32> {
        self.0
            .lock()
            .unwrap()
            .get(&(stream.to_owned(), sequence))
            .copied()
    }

    pub(crate) fn set(&self, stream: &str, sequence: u64, attempts: u32) {
        self.0
            .lock()
            .unwrap()
            .insert((stream.to_owned(), sequence), attempts);
    }
}

impl Attempts for Counts {
    async fn raise(&self, stream: &str, sequence: u64) -> Result<u32, HandlerError> {
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry((stream.to_owned(), sequence)).or_default();
        *count += 1;
        Ok(*count)
    }

    async fn forget(&self, stream: &str, sequence: u64) -> Result<(), HandlerError> {
        self.0.lock().unwrap().remove(&(stream.to_owned(), sequence));
        Ok(())
    }
}

type Answer = Result<Vec<Outcome>, HandlerError>;

/// A handler that records what it is given and answers with a closure.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) batches: Arc<Mutex<Vec<Vec<String>>>>,
    answer: Arc<dyn Fn(Vec<Delivery>) -> BoxFuture<'static, Answer> + Send + Sync>,
}

impl Recorder {
    pub(crate) fn new<F: Future<Output = Answer> + Send + 'static>(
        answer: impl Fn(Vec<Delivery>) -> F + Send + Sync + 'static,
    ) -> Self {
        Self {
            batches: Arc::default(),
            answer: Arc::new(move |batch| Box::pin(answer(batch))),
        }
    }

    /// One outcome per message.
    pub(crate) fn each(outcome: impl Fn(&Delivery) -> Outcome + Send + Sync + 'static) -> Self {
        Self::new(move |batch| std::future::ready(Ok(batch.iter().map(&outcome).collect())))
    }

    pub(crate) fn done() -> Self {
        Self::each(|_| Outcome::Done)
    }

    /// Every message's id, in the order it was given.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.batches.lock().unwrap().concat()
    }

    pub(crate) async fn until(&self, messages: usize) -> Vec<String> {
        let what = format!("{messages} messages handled");
        eventually(&what, async || {
            Some(self.ids()).filter(|ids| ids.len() >= messages)
        })
        .await
    }
}

impl Handler for Recorder {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let ids = batch
            .iter()
            .map(|delivery| delivery.envelope.id.clone())
            .collect();
        self.batches.lock().unwrap().push(ids);
        (self.answer)(batch.to_vec()).await
    }
}

/// A worker at work.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), String>>,
    health: Arc<Mutex<Option<String>>>,
}

impl Running {
    pub(crate) fn start(worker: Worker<Counts>, handler: &Recorder) -> Self {
        let (stop, health) = (CancellationToken::new(), Arc::new(Mutex::new(None)));
        let told = health.clone();
        let healthy = move |trouble| *told.lock().unwrap() = trouble;
        let task = tokio::spawn(worker.run(handler.clone(), stop.clone(), healthy));
        Self { stop, task, health }
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.health.lock().unwrap().clone()
    }

    pub(crate) async fn drain(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Breaks off in the middle of whatever it does.
    pub(crate) fn die(self) {
        self.task.abort();
    }

    /// Stops it without waiting for its end.
    pub(crate) fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }

    pub(crate) async fn ended(self) {
        self.task.await.unwrap().unwrap();
    }
}

/// The order of a guest's key.
pub(crate) fn order(key: &str) -> OrderId {
    OrderId::derive(customer(), &key.parse().unwrap())
}

pub(crate) fn customer() -> Customer {
    "guest:6f2d1f0a-0c5e-4b39-9d3c-6a1f0f7f5f11".parse().unwrap()
}

/// A cancellation of `order` under `key`, as a message.
pub(crate) fn cancel(order: OrderId, key: &str) -> Message {
    let command = OrderCommand {
        id: CommandId::derive(order, &key.parse().unwrap()),
        order,
        actor: Actor::Customer(customer()),
        at: now(),
        action: OrderAction::Cancel(Cancel::default()),
    };
    commands::order_message(&command, "test-service", None)
}

/// A submission, as a command.
pub(crate) fn submission(key: &str) -> OrderCommand {
    let body = serde_json::json!({
        "customer": customer(),
        "lines": [{ "sku": "green-tea", "quantity": 2 }],
        "contact": { "name": "Ada", "email": "ada@example.org" },
        "shipping_address": { "street": "Way 1", "postcode": "12345", "city": "Town", "country": "DE" },
    });
    OrderCommand::submit(order(key), serde_json::from_value(body).unwrap(), now())
}

/// A stock command as a message of `CATALOG`.
pub(crate) fn stock(sku: &str, key: &str) -> Message {
    let sku: domain::Sku = sku.parse().unwrap();
    let command = domain::CatalogCommand {
        id: CommandId::for_product(&sku, &key.parse().unwrap()),
        sku,
        actor: Actor::Staff("sam".into()),
        at: now(),
        action: domain::CatalogAction::Stock(domain::catalog::ChangeStock { delta: 1 }),
    };
    commands::catalog_message(&command, "test-service")
}
