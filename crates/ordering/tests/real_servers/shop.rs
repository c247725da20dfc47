//! A shop with servers of its own, two products, and customers.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::time::Duration;

use devstack::proxy::Proxy;
use devstack::testing::{TestServers, gate, stored};
use domain::decide::decide_product;
use domain::{
    Access, Actor, CatalogAction, CatalogCommand, CommandId, Customer, GuestId, IdempotencyKey, Order,
    OrderId, Sku, Submit, Version,
};
use messaging::Messaging;
use ordering::{Ordering, Parts};
use serde_json::json;
use storage::Storage;
use uuid::Uuid;

use crate::processor::at;

pub(crate) struct Shop {
    pub(crate) servers: TestServers,
    /// The doors' way to Postgres.
    pub(crate) postgres: Proxy,
    /// The address of that way.
    through: String,
    pub(crate) messaging: Messaging,
    /// Past that way.
    pub(crate) storage: Storage,
    pub(crate) ordering: Ordering,
}

/// More orders at once than any test sends.
const WIDE: usize = 256;

impl Shop {
    pub(crate) async fn open() -> Self {
        let servers = TestServers::start().await;
        Storage::migrate(&servers.database_url.clone().into())
            .await
            .unwrap();
        let (postgres, through) = gate(&servers.database_url).await;
        let messaging = messaging(&servers.nats_url).await;
        messaging::topology::apply(&messaging).await.unwrap();
        let storage = storage(&servers.database_url).await;
        for sku in skus() {
            add_product(&storage, sku).await;
        }
        let ordering = door(&servers, &through, WIDE).await;
        Self {
            servers,
            postgres,
            through,
            messaging,
            storage,
            ordering,
        }
    }

    /// Another front door, as another process has it.
    pub(crate) async fn another_door(&self) -> Ordering {
        door(&self.servers, &self.through, WIDE).await
    }

    /// A front door that has few orders on their way at once.
    pub(crate) async fn narrow_door(&self, max_in_flight: usize) -> Ordering {
        door(&self.servers, &self.through, max_in_flight).await
    }

    pub(crate) async fn submit(&self, customer: Customer, key: &str) -> Order {
        let submit = submission(customer, 1);
        self.ordering
            .submit(submit, &self::key(key), None, at(0))
            .await
            .unwrap()
            .order
    }

    /// How many messages `ORDERS` holds.
    pub(crate) async fn stored(&self) -> u64 {
        stored(&self.servers.nats_url, "ORDERS").await
    }

    pub(crate) async fn read(&self, access: Access, id: OrderId) -> Option<Order> {
        self.ordering.look_up(access, id, Version(0)).await.unwrap()
    }
}

async fn door(servers: &TestServers, postgres: &str, max_in_flight: usize) -> Ordering {
    let redis = || {
        let options = cache::ConnectOptions {
            url: servers.redis_url.clone().into(),
            max_connections: 16,
            timeout: Duration::from_millis(250),
        };
        cache::Redis::new(options).unwrap()
    };
    Ordering::start(Parts {
        source: "test-door".to_owned(),
        messaging: messaging(&servers.nats_url).await,
        storage: storage(postgres).await,
        redis: redis(),
        state_redis: redis(),
        max_in_flight,
    })
}

#[expect(clippy::disallowed_methods, reason = "a test reads the real clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

async fn messaging(url: &str) -> Messaging {
    let options = messaging::ConnectOptions {
        url: url.to_owned().into(),
        seed: None,
        name: "test-door".to_owned(),
        request_timeout: Duration::from_secs(2),
        now,
    };
    Messaging::connect(options).await.unwrap()
}

async fn storage(url: &str) -> Storage {
    let options = storage::ConnectOptions {
        url: url.to_owned().into(),
        name: "test-door".to_owned(),
        max_connections: 8,
        timeout: Duration::from_secs(1),
    };
    Storage::connect(options).await.unwrap()
}

async fn add_product(storage: &Storage, sku: Sku) {
    let add = json!({
        "name": "A thing", "description": "", "category": "things",
        "price": {"minor": 1000, "currency": "EUR"}, "stock": 100
    });
    let command = CatalogCommand {
        id: CommandId::for_product(&sku, &key("add")),
        sku,
        actor: Actor::Staff("test".to_owned()),
        at: at(0),
        action: CatalogAction::Add(Box::new(serde_json::from_value(add).unwrap())),
    };
    let written = decide_product(None, &command, at(0));
    let mut transaction = storage.begin(&BTreeSet::new()).await.unwrap();
    transaction.write_product(&written).await.unwrap();
    transaction.commit().await.unwrap();
}

/// What the shop sells.
pub(crate) fn skus() -> Vec<Sku> {
    ["brush", "kettle"]
        .into_iter()
        .map(|sku| sku.parse().unwrap())
        .collect()
}

pub(crate) fn key(key: &str) -> IdempotencyKey {
    key.parse().unwrap()
}

pub(crate) fn guest(number: u128) -> Customer {
    Customer::Guest(GuestId(Uuid::from_u128(number)))
}

/// `quantity` kettles for `customer`.
pub(crate) fn submission(customer: Customer, quantity: i64) -> Submit {
    let submit = json!({
        "customer": customer,
        "lines": [{"sku": "kettle", "quantity": quantity}],
        "contact": {"name": "Ada", "email": "ada@example.org"},
        "shipping_address": {"street": "Main Street 1", "postcode": "12345", "city": "Town", "country": "DE"}
    });
    serde_json::from_value(submit).unwrap()
}

/// Empties Redis.
pub(crate) async fn flush(servers: &TestServers) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = servers
        .redis_url
        .trim_start_matches("redis://")
        .trim_end_matches('/');
    let mut redis = tokio::net::TcpStream::connect(address).await.unwrap();
    redis.write_all(b"FLUSHALL\r\n").await.unwrap();
    let mut answer = [0; 5];
    redis.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"+OK\r\n");
}
