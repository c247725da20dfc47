//! The JSON of what is stored and sent is a contract: a change of its shape shows here.

use domain::commands::UnreadableCommand;
use domain::{Order, OrderAction, OrderCommand};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::samples::*;

fn shipped() -> (Order, Vec<domain::OrderEvent>) {
    let mut shop = Shop::with([product("tea", eur(450), 5)]);
    let mut wanted = submit(&[("tea", 2)]);
    wanted.contact.phone = Some("+49 30 1234".parse().unwrap());
    wanted.note = Some("Please ring twice.".parse().unwrap());
    wanted.expected_total = Some(eur(900));
    let decided = shop.decide(vec![submission("a", wanted), ship("a", "s"), cancel("a", "c")]);
    let told = decided.verdicts.into_iter().flat_map(events).collect();
    (shop.order("a").clone(), told)
}

#[test]
fn an_order() {
    assert_json_snapshot!(shipped().0);
}

#[test]
fn a_rejected_order() {
    let mut shop = Shop::with([product("tea", eur(450), 1)]);
    shop.decide(vec![submission("a", submit(&[("tea", 2)]))]);
    assert_json_snapshot!(shop.order("a"));
}

#[test]
fn the_events_of_an_order() {
    assert_json_snapshot!(shipped().1);
}

#[test]
fn commands() {
    let mut wanted = submit(&[("tea", 2)]);
    wanted.note = Some("Please ring twice.".parse().unwrap());
    wanted.expected_total = Some(eur(900));
    let commands = [
        submission("a", wanted),
        cancel("a", "c"),
        cancel_at("a", "c", 2),
        ship("a", "s"),
        deliver("a", "d"),
    ];
    let body = |command: &OrderCommand| -> (&'static str, Value) {
        (
            command.action.message_type(),
            serde_json::from_slice(&command.action.to_json().unwrap()).unwrap(),
        )
    };
    assert_json_snapshot!(commands.iter().map(body).collect::<Vec<_>>());
}

#[test]
fn a_product() {
    assert_json_snapshot!(product("tea", eur(450), 5));
}

#[test]
fn events_hold_nothing_personal() {
    let told = serde_json::to_string(&shipped().1).unwrap();
    for secret in ["Ada", "example.org", "Main Street", "ring twice", "TRACK"] {
        assert!(!told.contains(secret), "{secret} stands in {told}");
    }
}

#[test]
fn fields_of_a_newer_version_are_carried_through() {
    let mut stored = serde_json::to_value(shipped().0).unwrap();
    stored["gift_wrap"] = json!({ "paper": "blue" });
    stored["lines"][0]["engraving"] = json!("A.");
    let order: Order = serde_json::from_value(stored.clone()).unwrap();
    let mut shop = Shop::with([product("tea", eur(450), 5)]);
    shop.batch.orders.insert(order.id, order);
    shop.decide(vec![deliver("a", "d")]);
    let after = serde_json::to_value(shop.order("a")).unwrap();
    assert_eq!(after["gift_wrap"], stored["gift_wrap"]);
    assert_eq!(after["lines"][0]["engraving"], stored["lines"][0]["engraving"]);
}

#[test]
fn a_newer_command_waits_and_nonsense_does_not() {
    let read = |kind, body: &str| OrderAction::from_json(kind, body.as_bytes());
    assert!(matches!(
        read("order.cancel.v2", "{}"),
        Err(UnreadableCommand::NewerVersion(_))
    ));
    assert!(matches!(
        read("order.explode.v1", "{}"),
        Err(UnreadableCommand::UnknownType(_))
    ));
    assert!(matches!(
        read("order.cancel.v1", "{"),
        Err(UnreadableCommand::Body { .. })
    ));
    assert!(matches!(
        read("order.cancel.v1", r#"{"why":"later field"}"#),
        Ok(OrderAction::Cancel(_))
    ));
}
