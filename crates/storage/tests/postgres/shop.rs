//! A shop in a database of its own, moved on by the domain's own decisions.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::time::Duration;

use devstack::servers::postgres::psql;
use devstack::testing::TestServers;
use domain::catalog::{AddProduct, ChangeStock};
use domain::commands::{Submit, SubmitLine};
use domain::decide::{Batch, Decisions, ProductWritten, decide, decide_product};
use domain::order::{Address, Contact};
use domain::{
    Actor, CatalogAction, CatalogCommand, CommandId, Customer, GuestId, IdempotencyKey, Money, OrderAction,
    OrderCommand, OrderId, Sku,
};
use jiff::Timestamp;
use storage::{ConnectOptions, Storage, StorageError, Transaction};
use uuid::Uuid;

pub(crate) struct Shop {
    pub(crate) storage: Storage,
    pub(crate) servers: TestServers,
}

pub(crate) fn options(url: &str, max_connections: u32) -> ConnectOptions {
    ConnectOptions {
        url: url.to_owned().into(),
        name: "test".into(),
        max_connections,
        timeout: Duration::from_secs(5),
    }
}

/// 12:00 on a day, and `seconds` more.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) fn customer(number: u128) -> Customer {
    Customer::Guest(GuestId(Uuid::from_u128(number)))
}

pub(crate) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    text.parse().unwrap()
}

pub(crate) fn submit(
    customer: Customer,
    key_text: &str,
    lines: &[(&str, i64)],
    now: Timestamp,
) -> OrderCommand {
    let line = |(name, quantity): &(&str, i64)| SubmitLine {
        sku: sku(name),
        quantity: (*quantity).try_into().unwrap(),
    };
    let submit = Submit {
        customer,
        lines: lines.iter().map(line).collect(),
        contact: Contact {
            name: "Ada".parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            phone: None,
        },
        shipping_address: Address {
            street: "Main Street 1".parse().unwrap(),
            postcode: "1010".parse().unwrap(),
            city: "Vienna".parse().unwrap(),
            country: "AT".parse().unwrap(),
        },
        note: None,
        expected_total: None,
    };
    OrderCommand::submit(OrderId::derive(customer, &key(key_text)), submit, now)
}

pub(crate) fn follow_up(order: OrderId, key_text: &str, action: OrderAction, now: Timestamp) -> OrderCommand {
    let (id, actor) = (
        CommandId::derive(order, &key(key_text)),
        Actor::Staff("eve".into()),
    );
    OrderCommand {
        id,
        order,
        actor,
        at: now,
        action,
    }
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let servers = TestServers::start().await;
        Storage::migrate(&servers.database_url.clone().into())
            .await
            .unwrap();
        let storage = Storage::connect(options(&servers.database_url, 8)).await.unwrap();
        Self { storage, servers }
    }

    /// How Postgres goes about the query of ours that contains `part`, with these arguments and one plan for all.
    pub(crate) fn plan(&self, part: &str, arguments: &str) -> String {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx"));
        let queries = fs::read_dir(folder).unwrap().map(|entry| {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
            stored["query"].as_str().unwrap().to_owned()
        });
        let found: Vec<_> = queries.filter(|query| query.contains(part)).collect();
        assert_eq!(found.len(), 1, "{part}");
        let statement = format!(
            "SET plan_cache_mode = force_generic_plan; SET jit = off; PREPARE ours AS {}; EXPLAIN EXECUTE ours ({arguments});",
            found[0]
        );
        psql(&self.servers.database_url, &statement).unwrap()
    }

    pub(crate) async fn with_product(name: &str, stock: i64) -> Self {
        let shop = Self::open().await;
        shop.add(name, "tea", stock).await;
        shop
    }

    pub(crate) async fn add(&self, name: &str, category: &str, stock: i64) -> ProductWritten {
        let action = CatalogAction::Add(Box::new(AddProduct {
            name: name.parse().unwrap(),
            description: "Good.".parse().unwrap(),
            category: category.parse().unwrap(),
            price: Money::new(250, "EUR".parse().unwrap()),
            stock,
            picture: None,
        }));
        self.ask(name, "add", action).await.unwrap()
    }

    pub(crate) async fn stock(
        &self,
        name: &str,
        key_text: &str,
        delta: i64,
    ) -> Result<ProductWritten, StorageError> {
        self.ask(name, key_text, CatalogAction::Stock(ChangeStock { delta }))
            .await
    }

    /// Handles one command on a product as the processor does, but for looking whether it was handled before.
    pub(crate) async fn ask(
        &self,
        name: &str,
        key_text: &str,
        action: CatalogAction,
    ) -> Result<ProductWritten, StorageError> {
        let (sku, actor) = (sku(name), Actor::Staff("eve".into()));
        let id = CommandId::for_product(&sku, &key(key_text));
        let mut transaction = self.storage.begin(&BTreeSet::new()).await?;
        let products = transaction.lock_products(&BTreeSet::from([sku.clone()])).await?;
        let command = CatalogCommand {
            id,
            sku: sku.clone(),
            actor,
            at: at(0),
            action,
        };
        let written = decide_product(products.get(&sku), &command, at(0));
        transaction.write_product(&written).await?;
        transaction.commit().await?;
        Ok(written)
    }

    /// Handles a batch as the processor does.
    pub(crate) async fn handle(
        &self,
        commands: Vec<OrderCommand>,
        now: Timestamp,
    ) -> Result<Decisions, StorageError> {
        let partitions = commands.iter().map(|command| command.order.partition()).collect();
        let mut transaction = self.storage.begin(&partitions).await?;
        let mut batch = load(&mut transaction, commands).await?;
        let decisions = decide(&mut batch, now);
        transaction.write(&decisions).await?;
        transaction.commit().await?;
        Ok(decisions)
    }
}

/// What a decision over `commands` needs.
pub(crate) async fn load(
    transaction: &mut Transaction<'_>,
    commands: Vec<OrderCommand>,
) -> Result<Batch, StorageError> {
    let ids: Vec<OrderId> = commands.iter().map(|command| command.order).collect();
    let handled = transaction
        .handled(&commands.iter().map(|command| command.id).collect::<Vec<_>>())
        .await?;
    let orders = transaction.orders(&ids).await?;
    let asked = commands.iter().flat_map(|command| match &command.action {
        OrderAction::Submit(submit) => submit.lines.iter().map(|line| line.sku.clone()).collect(),
        _ => Vec::new(),
    });
    let stored = orders
        .values()
        .flat_map(|order| order.lines.iter().map(|line| line.sku.clone()));
    let skus: BTreeSet<Sku> = asked.chain(stored).collect();
    let products: HashMap<_, _> = transaction.lock_products(&skus).await?;
    let customers: Vec<Customer> = orders.values().map(|order| order.customer).collect();
    let erased = transaction.erased(&customers).await?;
    Ok(Batch {
        orders,
        products,
        handled,
        erased,
        commands,
    })
}
