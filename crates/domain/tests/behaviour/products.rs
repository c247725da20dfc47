//! What staff do to a product.

use domain::catalog::{AddProduct, ChangePrice, ChangeStock};
use domain::decide::{ProductWritten, decide_product};
use domain::{CatalogAction, CatalogCommand, CommandId, Product, Version};

use crate::samples::*;

fn ask(stored: Option<&Product>, action: CatalogAction) -> ProductWritten {
    let id = CommandId::for_product(&sku("tea"), &key("k"));
    let command = CatalogCommand {
        id,
        sku: sku("tea"),
        actor: staff(),
        at: at(0),
        action,
    };
    decide_product(stored, &command, at(1))
}

fn add(price: i64, stock: i64) -> CatalogAction {
    CatalogAction::Add(Box::new(AddProduct {
        name: "Tea".parse().unwrap(),
        description: String::new().try_into().unwrap(),
        category: "tea".parse().unwrap(),
        price: eur(price),
        stock,
        picture: None,
    }))
}

fn price(minor: i64, version: u32) -> CatalogAction {
    CatalogAction::Price(ChangePrice {
        price: eur(minor),
        version: Version(version),
    })
}

fn stock(delta: i64) -> CatalogAction {
    CatalogAction::Stock(ChangeStock { delta })
}

#[test]
fn a_product_is_added_with_its_stock_in_the_ledger() {
    let written = ask(None, add(450, 5));
    assert_eq!(written.product.unwrap().available, 5);
    let change = written.stock.unwrap();
    assert_eq!((change.delta, change.order), (5, None));
    assert_eq!(
        (written.event.verb.as_str(), written.event.version),
        ("added", Version(1))
    );
}

#[test]
fn a_price_edit_raises_the_version_and_a_stock_change_does_not() {
    let tea = product("tea", eur(450), 5);
    let priced = ask(Some(&tea), price(500, 1)).product.unwrap();
    assert_eq!(
        (priced.price, priced.version, priced.available),
        (eur(500), Version(2), 5)
    );
    let stocked = ask(Some(&priced), stock(-5)).product.unwrap();
    assert_eq!((stocked.version, stocked.available), (Version(2), 0));
}

#[test]
fn a_change_tells_what_was_before_it() {
    let tea = product("tea", eur(450), 5);
    let was = |action| {
        ask(Some(&tea), action)
            .event
            .was
            .map(|was| (was.price, was.available))
    };
    assert_eq!(was(price(400, 1)), Some((eur(450), 5)));
    assert_eq!(was(stock(-5)), Some((eur(450), 5)));
    assert_eq!(was(price(400, 2)), None, "a refusal changed nothing");
    let added = ask(None, add(450, 5)).event;
    assert_eq!(added.was, None);
    assert_eq!(added.category.unwrap().as_str(), "tea");
}

#[test]
fn what_must_not_be_is_refused_with_its_reason() {
    let tea = product("tea", eur(450), 5);
    for (stored, action, reason) in [
        (Some(&tea), add(450, 5), "exists"),
        (None, add(-1, 5), "negative_price"),
        (None, add(1, -5), "negative_stock"),
        (None, price(1, 1), "unknown_product"),
        (None, stock(1), "unknown_product"),
        (Some(&tea), price(500, 2), "stale_version"),
        (Some(&tea), price(-1, 1), "negative_price"),
        (Some(&tea), stock(-6), "negative_stock"),
        (Some(&tea), stock(i64::MAX), "stock_too_large"),
    ] {
        let written = ask(stored, action);
        assert_eq!(written.event.verb, "refused");
        assert_eq!(written.event.reason.as_deref(), Some(reason));
        assert!(written.product.is_none() && written.stock.is_none());
    }
}

#[test]
fn a_customer_changes_no_product() {
    let id = CommandId::for_product(&sku("tea"), &key("k"));
    let command = CatalogCommand {
        id,
        sku: sku("tea"),
        actor: stranger(),
        at: at(0),
        action: add(1, 1),
    };
    assert_eq!(
        decide_product(None, &command, at(1)).event.reason.as_deref(),
        Some("not_staff")
    );
}

#[test]
fn the_json_of_catalog_commands_and_events() {
    let actions = [add(450, 5), price(500, 1), stock(-2)];
    let commands: Vec<(&str, serde_json::Value)> = actions
        .iter()
        .map(|action| {
            (
                action.message_type(),
                serde_json::from_slice(&action.to_json().unwrap()).unwrap(),
            )
        })
        .collect();
    insta::assert_json_snapshot!("catalog_commands", commands);
    let tea = product("tea", eur(450), 5);
    let events = [
        ask(None, add(450, 5)).event,
        ask(Some(&tea), price(1, 9)).event,
        ask(Some(&tea), price(400, 1)).event,
        ask(Some(&product("tea", eur(450), 0)), stock(3)).event,
        ask(None, stock(1)).event,
    ];
    insta::assert_json_snapshot!("catalog_events", events);
}
