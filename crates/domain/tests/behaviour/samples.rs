//! Short ways to write what the tests talk about.

use domain::commands::{Cancel, Deliver, Ship, SubmitLine};
use domain::decide::{Batch, Decisions, Verdict, decide};
use domain::order::{Address, Contact};
use domain::{
    Actor, Customer, GuestId, IdempotencyKey, Money, Order, OrderAction, OrderCommand, OrderEvent, OrderId,
    Product, Sku, Submit, Version,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(crate) fn at(second: i64) -> Timestamp {
    "2026-01-02T03:04:05Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

pub(crate) fn key(name: &str) -> IdempotencyKey {
    name.parse().unwrap()
}

pub(crate) fn sku(name: &str) -> Sku {
    name.parse().unwrap()
}

pub(crate) fn customer() -> Customer {
    Customer::Guest(GuestId(Uuid::from_u128(7)))
}

pub(crate) fn stranger() -> Actor {
    Actor::Customer(Customer::Guest(GuestId(Uuid::from_u128(8))))
}

pub(crate) fn staff() -> Actor {
    Actor::Staff("ines".into())
}

pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

pub(crate) fn product(name: &str, price: Money, available: i64) -> Product {
    Product {
        sku: sku(name),
        version: Version::FIRST,
        name: format!("The {name}").parse().unwrap(),
        description: String::new().try_into().unwrap(),
        category: "tea".parse().unwrap(),
        price,
        available,
        picture: None,
    }
}

pub(crate) fn submit(lines: &[(&str, i64)]) -> Submit {
    let line = |&(name, quantity): &(&str, i64)| SubmitLine {
        sku: sku(name),
        quantity: quantity.try_into().unwrap(),
    };
    Submit {
        customer: customer(),
        lines: lines.iter().map(line).collect(),
        contact: Contact {
            name: "Ada Example".parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            phone: None,
        },
        shipping_address: Address {
            street: "Main Street 1".parse().unwrap(),
            postcode: "12345".parse().unwrap(),
            city: "Town".parse().unwrap(),
            country: "DE".parse().unwrap(),
        },
        note: None,
        expected_total: None,
    }
}

pub(crate) fn order_id(name: &str) -> OrderId {
    OrderId::derive(customer(), &key(name))
}

pub(crate) fn submission(name: &str, submit: Submit) -> OrderCommand {
    OrderCommand::submit(order_id(name), submit, at(0))
}

pub(crate) fn later(name: &str, word: &str, actor: Actor, action: OrderAction) -> OrderCommand {
    let order = order_id(name);
    OrderCommand {
        id: domain::CommandId::derive(order, &key(word)),
        order,
        actor,
        at: at(1),
        action,
    }
}

pub(crate) fn cancel(name: &str, word: &str) -> OrderCommand {
    later(
        name,
        word,
        Actor::Customer(customer()),
        OrderAction::Cancel(Cancel::default()),
    )
}

/// The wish to call off the order as it was at `version`.
pub(crate) fn cancel_at(name: &str, word: &str, version: u32) -> OrderCommand {
    let version = Some(Version(version));
    OrderCommand {
        action: OrderAction::Cancel(Cancel { version }),
        ..cancel(name, word)
    }
}

pub(crate) fn ship(name: &str, word: &str) -> OrderCommand {
    let tracking = Some("TRACK-1".parse().unwrap());
    later(name, word, staff(), OrderAction::Ship(Ship { tracking }))
}

pub(crate) fn deliver(name: &str, word: &str) -> OrderCommand {
    later(name, word, staff(), OrderAction::Deliver(Deliver {}))
}

/// A shop in memory: what a database would keep between batches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shop {
    pub(crate) batch: Batch,
}

impl Shop {
    pub(crate) fn with(products: impl IntoIterator<Item = Product>) -> Self {
        let products = products
            .into_iter()
            .map(|product| (product.sku.clone(), product))
            .collect();
        Self {
            batch: Batch {
                products,
                ..Batch::default()
            },
        }
    }

    pub(crate) fn decide(&mut self, commands: Vec<OrderCommand>) -> Decisions {
        self.batch.commands = commands;
        decide(&mut self.batch, at(10))
    }

    pub(crate) fn decide_one(&mut self, command: OrderCommand) -> Verdict {
        self.decide(vec![command]).verdicts.remove(0)
    }

    pub(crate) fn order(&self, name: &str) -> &Order {
        &self.batch.orders[&order_id(name)]
    }

    pub(crate) fn left(&self, name: &str) -> i64 {
        self.batch.products[&sku(name)].available
    }
}

pub(crate) fn events(verdict: Verdict) -> Vec<OrderEvent> {
    match verdict {
        Verdict::Effective(events) => events,
        other => panic!("not effective: {other:?}"),
    }
}

pub(crate) fn impossible(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Impossible { reason, .. } => reason,
        other => panic!("not impossible: {other:?}"),
    }
}
