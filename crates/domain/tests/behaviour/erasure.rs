//! Orders of customers who were erased.

use std::collections::HashMap;

use domain::decide::Verdict;
use domain::{Customer, Order, OrderCommand, OrderState, ReasonCode};
use proptest::prelude::*;
use serde_json::json;

use crate::promises::{check_order, history, run};
use crate::samples::*;

const PERSONAL: [&str; 7] = [
    "Ada",
    "example.org",
    "Main Street",
    "12345",
    "Town",
    "TRACK",
    "ring twice",
];

fn erase(name: &str) -> OrderCommand {
    OrderCommand::erase(order_id(name), at(2))
}

fn noted(lines: &[(&str, i64)]) -> domain::Submit {
    let mut wanted = submit(lines);
    wanted.note = Some("Please ring twice.".parse().unwrap());
    wanted
}

/// A shop whose customer has one order called off, one delivered, and one under way.
fn shop() -> Shop {
    let mut shop = Shop::with([product("tea", eur(450), 9)]);
    shop.decide(vec![
        submission("off", noted(&[("tea", 1)])),
        submission("there", noted(&[("tea", 1)])),
        submission("open", noted(&[("tea", 1)])),
        cancel("off", "c"),
        ship("there", "s"),
        deliver("there", "d"),
        ship("open", "s"),
    ]);
    shop
}

fn personal(order: &Order) -> Vec<&'static str> {
    let json = serde_json::to_string(order).unwrap();
    PERSONAL.into_iter().filter(|text| json.contains(text)).collect()
}

fn erasures(order: &Order) -> usize {
    order.history.iter().filter(|entry| entry.erased).count()
}

#[test]
fn an_order_at_its_end_loses_what_is_personal_in_one_version_and_keeps_the_rest() {
    let mut shop = shop();
    shop.batch.erased.insert(customer());
    let before = shop.order("there").clone();
    let told = events(shop.decide_one(erase("there")));
    let order = shop.order("there");
    assert_eq!(personal(order), Vec::<&str>::new());
    assert_eq!(
        (order.version, order.state, order.erased_at),
        (before.version.next(), before.state, Some(at(10)))
    );
    assert_eq!(
        (&order.lines, order.total, order.customer),
        (&before.lines, before.total, before.customer)
    );
    let entry = order.history.last().unwrap();
    assert!(entry.erased && entry.refused.is_none());
    assert_eq!(entry.by.to_string(), "system:erasure");
    assert_ne!(order.fingerprint, before.fingerprint);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message_type(), "order.erased.v1");
    assert_eq!(events(shop.decide_one(erase("there"))), told, "again is the same");
    assert_eq!(shop.order("there").version, told[0].version);
}

#[test]
fn an_order_under_way_keeps_what_it_needs_and_loses_it_with_its_last_step() {
    let mut shop = shop();
    shop.batch.erased.insert(customer());
    let before = shop.order("open").clone();
    assert_eq!(events(shop.decide_one(erase("open"))), []);
    assert_eq!(*shop.order("open"), before);
    let told = events(shop.decide_one(deliver("open", "d")));
    let verbs: Vec<_> = told.iter().map(domain::OrderEvent::verb).collect();
    assert_eq!(verbs, ["delivered", "erased"]);
    assert_eq!(personal(shop.order("open")), Vec::<&str>::new());
    assert_eq!(
        events(shop.decide_one(deliver("open", "d"))),
        told,
        "again is the same"
    );
    assert_eq!(events(shop.decide_one(erase("open"))), []);
    assert_eq!(erasures(shop.order("open")), 1);
}

#[test]
fn a_submission_that_comes_later_is_rejected_and_keeps_nothing() {
    let mut shop = shop();
    shop.batch.erased.insert(customer());
    let late = submission("late", noted(&[("tea", 1)]));
    let told = events(shop.decide_one(late.clone()));
    let order = shop.order("late");
    assert_eq!(
        (order.state, order.version.0, told.len()),
        (OrderState::Rejected, 2, 2)
    );
    assert_eq!(order.reason.as_ref().unwrap().code, ReasonCode::Erased);
    assert_eq!(personal(order), Vec::<&str>::new());
    assert!(order.erased_at.is_some());
    assert_eq!(shop.left("tea"), 7, "nothing is taken");
    assert_eq!(events(shop.decide_one(late)), told);
    let other = submission("late", submit(&[("tea", 2)]));
    assert_eq!(
        events(shop.decide_one(other)),
        told,
        "another under its key is no dead letter"
    );
    assert_eq!(events(shop.decide_one(erase("late"))), []);
}

#[test]
fn a_submission_that_comes_again_after_the_erasure_brings_nothing_back() {
    let mut shop = shop();
    shop.batch.erased.insert(customer());
    shop.decide_one(erase("there"));
    let before = shop.order("there").clone();
    let again = events(shop.decide_one(submission("there", noted(&[("tea", 1)]))));
    assert_eq!(again.len(), 2);
    assert_eq!(*shop.order("there"), before);
}

#[test]
fn an_order_of_anyone_else_is_left_alone() {
    let mut shop = shop();
    let before = shop.order("there").clone();
    assert_eq!(impossible(shop.decide_one(erase("there"))), "not_erased");
    assert_eq!(*shop.order("there"), before);
    assert_eq!(shop.decide_one(erase("nowhere")), Verdict::Early);
}

#[test]
fn what_a_newer_version_wrote_goes_too() {
    let mut stored = serde_json::to_value(shop().order("there")).unwrap();
    stored["attachments"] = json!([{ "name": "letter to Ada.pdf" }]);
    stored["lines"][0]["engraving"] = json!("Ada");
    let order: Order = serde_json::from_value(stored).unwrap();
    let mut shop = shop();
    shop.batch.orders.insert(order.id, order);
    shop.batch.erased.insert(customer());
    shop.decide_one(erase("there"));
    assert_eq!(personal(shop.order("there")), Vec::<&str>::new());
}

#[test]
fn an_erased_order_is_read_as_any_other() {
    let mut shop = shop();
    shop.batch.erased.insert(customer());
    shop.decide_one(erase("there"));
    let json = serde_json::to_value(shop.order("there")).unwrap();
    let read: Order = serde_json::from_value(json).unwrap();
    assert_eq!(read, *shop.order("there"));
}

proptest! {
    #[test]
    fn every_order_at_its_end_is_erased_once_whenever_its_customer_was(history in history(), from in any::<prop::sample::Index>()) {
        let mut shop = Shop::with(history.products.clone());
        let (before, after) = history.commands.split_at(from.index(history.commands.len()));
        run(&mut shop, before, &history.cuts);
        let erased: Customer = customer();
        shop.batch.erased.insert(erased);
        let mut after = after.to_vec();
        after.extend((0..4).map(|order| erase(&format!("order-{order}"))));
        let first = run(&mut shop, &after, &history.cuts);
        let prices = history.products.iter().map(|p| (p.sku.clone(), p.price)).collect::<HashMap<_, _>>();
        for order in shop.batch.orders.values() {
            check_order(order, &prices);
            if order.state.is_terminal() {
                prop_assert!(order.erased_at.is_some(), "{order:?}");
                prop_assert_eq!(personal(order), Vec::<&str>::new());
            } else {
                prop_assert!(order.erased_at.is_none());
            }
            let late = order.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Erased);
            prop_assert_eq!(erasures(order), usize::from(order.state.is_terminal() && !late));
        }
        let orders = shop.batch.orders.clone();
        let (again, first): (Vec<_>, Vec<_>) = after.into_iter().zip(first).filter(|(_, verdict)| *verdict != Verdict::Early).unzip();
        prop_assert_eq!(run(&mut shop, &again, &history.cuts), first);
        prop_assert_eq!(shop.batch.orders, orders);
    }
}
