//! Short ways to write what the tests talk about.

use chassis::clock;
use domain::catalog::ChangeStock;
use domain::commands::SubmitLine;
use domain::order::{Address, Contact};
use domain::{
    Actor, CatalogAction, CatalogCommand, CommandId, Customer, GuestId, IdempotencyKey, Money, OrderAction,
    OrderCommand, OrderId, Sku, Submit,
};
use uuid::Uuid;

pub(crate) fn sku(name: &str) -> Sku {
    name.parse().unwrap()
}

pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

pub(crate) fn customer() -> Customer {
    Customer::Guest(GuestId(Uuid::from_u128(7)))
}

pub(crate) fn key(name: &str) -> IdempotencyKey {
    name.parse().unwrap()
}

pub(crate) fn order_id(name: &str) -> OrderId {
    OrderId::derive(customer(), &key(name))
}

pub(crate) fn submission(name: &str, product: &str, quantity: i64) -> OrderCommand {
    submission_of(name, &[(product, quantity)])
}

pub(crate) fn submission_of(name: &str, lines: &[(&str, i64)]) -> OrderCommand {
    let line = |&(name, count): &(&str, i64)| SubmitLine {
        sku: sku(name),
        quantity: count.try_into().unwrap(),
    };
    let submit = Submit {
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
    };
    OrderCommand::submit(order_id(name), submit, clock::now())
}

pub(crate) fn by_staff(name: &str, word: &str, action: OrderAction) -> OrderCommand {
    let order = order_id(name);
    let id = CommandId::derive(order, &key(word));
    OrderCommand {
        id,
        order,
        actor: Actor::Staff("ines".into()),
        at: clock::now(),
        action,
    }
}

pub(crate) fn catalog(name: &str, word: &str, action: CatalogAction) -> CatalogCommand {
    let id = CommandId::for_product(&sku(name), &key(word));
    CatalogCommand {
        id,
        sku: sku(name),
        actor: Actor::Staff("ines".into()),
        at: clock::now(),
        action,
    }
}

pub(crate) fn stock(name: &str, word: &str, delta: i64) -> CatalogCommand {
    catalog(name, word, CatalogAction::Stock(ChangeStock { delta }))
}
