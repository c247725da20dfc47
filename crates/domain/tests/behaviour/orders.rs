//! An order's life, step by step.

use domain::decide::Verdict;
use domain::{Money, OrderState, Reason, ReasonCode, Version};

use crate::samples::*;

fn shop() -> Shop {
    Shop::with([
        product("tea", eur(450), 5),
        product("pot", eur(2000), 1),
        product("yen", Money::new(100, "JPY".parse().unwrap()), 9),
    ])
}

fn rejected(code: ReasonCode, line: Option<usize>) -> Option<Reason> {
    Some(Reason { code, line })
}

#[test]
fn a_submission_is_priced_from_the_catalog_and_takes_its_stock() {
    let mut shop = shop();
    let decided = shop.decide(vec![submission("a", submit(&[("tea", 2), ("pot", 1)]))]);
    let written = &decided.written[0];
    assert!(written.new);
    assert_eq!(written.order.state, OrderState::Confirmed);
    assert_eq!(written.order.version, Version(2));
    assert_eq!(written.order.total, Some(eur(2900)));
    assert_eq!(written.order.lines[0].unit_price, Some(eur(450)));
    assert_eq!(written.order.lines[0].name.as_deref(), Some("The tea"));
    let states: Vec<_> = written
        .history
        .iter()
        .map(|row| (row.event.version.0, row.event.state))
        .collect();
    assert_eq!(states, [(1, OrderState::Submitted), (2, OrderState::Confirmed)]);
    assert_eq!(
        (written.history[0].entry.at, written.history[1].entry.at),
        (at(0), at(10))
    );
    let taken: Vec<_> = decided
        .stock()
        .into_iter()
        .map(|(sku, units)| (sku.as_str(), units))
        .collect();
    assert_eq!(taken, [("pot", -1), ("tea", -2)]);
    assert_eq!((shop.left("tea"), shop.left("pot")), (3, 0));
}

#[test]
fn what_cannot_be_is_rejected_with_code_and_line_and_takes_nothing() {
    let mut expecting = submit(&[("tea", 1)]);
    expecting.expected_total = Some(eur(1));
    let twice = submit(&[("tea", 1), ("tea", 1)]);
    for (lines, reason) in [
        (
            submit(&[("tea", 1), ("nothing", 1)]),
            rejected(ReasonCode::UnknownProduct, Some(1)),
        ),
        (
            submit(&[("tea", 1), ("pot", 2)]),
            rejected(ReasonCode::OutOfStock, Some(1)),
        ),
        (
            submit(&[("tea", 1), ("yen", 1)]),
            rejected(ReasonCode::Invalid, Some(1)),
        ),
        (twice, rejected(ReasonCode::Invalid, Some(1))),
        (submit(&[]), rejected(ReasonCode::Invalid, None)),
        (expecting, rejected(ReasonCode::PriceChanged, None)),
    ] {
        let mut shop = shop();
        let told = events(shop.decide_one(submission("a", lines)));
        assert_eq!((told[1].state, &told[1].reason), (OrderState::Rejected, &reason));
        assert_eq!(shop.order("a").reason, reason);
        assert_eq!((shop.left("tea"), shop.left("pot")), (5, 1));
    }
}

#[test]
fn a_price_change_tells_the_new_total() {
    let mut shop = shop();
    let mut wanted = submit(&[("tea", 2)]);
    wanted.expected_total = Some(eur(800));
    let told = events(shop.decide_one(submission("a", wanted)));
    assert_eq!(told[1].total, Some(eur(900)));
}

#[test]
fn a_total_too_large_for_money_is_invalid() {
    let mut shop = Shop::with([product("gold", eur(i64::MAX), 5)]);
    let told = events(shop.decide_one(submission("a", submit(&[("gold", 2)]))));
    assert_eq!(told[1].reason, rejected(ReasonCode::Invalid, Some(0)));
}

#[test]
fn of_five_in_one_batch_exactly_five_are_sold() {
    let mut shop = shop();
    let all = (0..200)
        .map(|n| submission(&format!("order-{n}"), submit(&[("tea", 1)])))
        .collect();
    let decided = shop.decide(all);
    let confirmed = decided
        .written
        .iter()
        .filter(|w| w.order.state == OrderState::Confirmed)
        .count();
    assert_eq!((confirmed, shop.left("tea")), (5, 0));
}

#[test]
fn the_same_submission_again_tells_the_same_and_writes_nothing() {
    let mut shop = shop();
    let command = submission("a", submit(&[("tea", 1)]));
    let both = shop.decide(vec![command.clone(), command.clone()]);
    assert_eq!(both.verdicts[0], both.verdicts[1]);
    assert_eq!(both.written.len(), 1);
    let again = shop.decide(vec![command]);
    assert_eq!(again.verdicts[0], both.verdicts[0]);
    assert!(again.written.is_empty());
    assert_eq!(shop.left("tea"), 4);
}

#[test]
fn another_submission_under_the_same_key_is_impossible() {
    let mut shop = shop();
    let first = submission("a", submit(&[("tea", 1)]));
    let other = submission("a", submit(&[("tea", 2)]));
    let decided = shop.decide(vec![first, other.clone()]);
    assert_eq!(impossible(decided.verdicts[1].clone()), "key_reused");
    assert_eq!(impossible(shop.decide_one(other)), "key_reused");
    assert_eq!(shop.order("a").lines[0].quantity.get(), 1);
}

#[test]
fn cancelling_gives_the_stock_back_once() {
    let mut shop = shop();
    let decided = shop.decide(vec![
        submission("a", submit(&[("tea", 2)])),
        cancel("a", "c"),
        cancel("a", "c"),
    ]);
    assert_eq!(decided.verdicts[1], decided.verdicts[2]);
    assert_eq!(decided.written[0].history.len(), 3);
    assert_eq!(decided.stock()[&sku("tea")], 0);
    assert_eq!(
        (shop.order("a").state, shop.left("tea")),
        (OrderState::Cancelled, 5)
    );
}

#[test]
fn cancelling_a_shipped_order_is_a_visible_refusal() {
    let mut shop = shop();
    shop.decide(vec![submission("a", submit(&[("tea", 2)])), ship("a", "s")]);
    let told = events(shop.decide_one(cancel("a", "c")));
    assert_eq!(told[0].message_type(), "order.refused.v1");
    assert_eq!(
        (told[0].state, told[0].version),
        (OrderState::Shipped, Version(4))
    );
    let entry = shop.order("a").history.last().unwrap();
    assert_eq!(entry.refused.as_deref(), Some("cancel"));
    assert_eq!(entry.reason, rejected(ReasonCode::TooLate, None));
    assert_eq!(shop.left("tea"), 3);
    assert_eq!(shop.order("a").tracking.as_ref().unwrap().as_str(), "TRACK-1");
    let again = events(shop.decide_one(cancel("a", "c2")));
    assert_eq!(again, told, "the same answer, and no further version");
    assert_eq!(shop.order("a").version, Version(4));
}

#[test]
fn a_wish_for_another_version_is_a_visible_refusal_and_takes_nothing_back() {
    let mut shop = shop();
    shop.decide(vec![submission("a", submit(&[("tea", 2)]))]);
    for (number, version) in [1, 9].into_iter().enumerate() {
        let told = events(shop.decide_one(cancel_at("a", &format!("c{number}"), version)));
        assert_eq!(
            (told[0].message_type().as_str(), told[0].state, told[0].version),
            ("order.refused.v1", OrderState::Confirmed, Version(3)),
            "the second is answered by the first"
        );
        assert_eq!(told[0].reason, rejected(ReasonCode::StaleVersion, None));
    }
    assert_eq!(shop.order("a").history[2].refused.as_deref(), Some("cancel"));
    assert_eq!(shop.left("tea"), 3);
    let again = events(shop.decide_one(cancel_at("a", "c0", 3)));
    assert_eq!(again[0].version, Version(3), "the same wish is not decided again");

    let told = events(shop.decide_one(cancel_at("a", "c", 3)));
    assert_eq!((told[0].state, shop.left("tea")), (OrderState::Cancelled, 5));
    let late = events(shop.decide_one(cancel_at("a", "late", 3)));
    assert_eq!(late[0].reason, rejected(ReasonCode::TooLate, None));
}

#[test]
fn delivery_comes_after_shipping() {
    let mut shop = shop();
    shop.decide(vec![submission("a", submit(&[("tea", 2)]))]);
    let early = events(shop.decide_one(deliver("a", "d1")));
    assert_eq!(early[0].reason, rejected(ReasonCode::TooEarly, None));
    shop.decide(vec![ship("a", "s"), deliver("a", "d2")]);
    assert_eq!(shop.order("a").state, OrderState::Delivered);
    let late = events(shop.decide_one(ship("a", "s2")));
    assert_eq!(
        (late[0].state, &late[0].reason),
        (OrderState::Delivered, &rejected(ReasonCode::TooLate, None))
    );
}

#[test]
fn a_command_without_its_order_is_early_until_the_order_is_there() {
    let mut shop = shop();
    let decided = shop.decide(vec![
        cancel("a", "c"),
        submission("a", submit(&[("tea", 2)])),
        cancel("a", "c"),
    ]);
    assert_eq!(decided.verdicts[0], Verdict::Early);
    assert_eq!(
        events(decided.verdicts[2].clone())[0].state,
        OrderState::Cancelled
    );
}

#[test]
fn nobody_acts_on_anothers_order_and_only_staff_ship() {
    let mut shop = shop();
    shop.decide(vec![submission("a", submit(&[("tea", 2)]))]);
    for (command, reason) in [
        (cancel("a", "c"), "not_owner"),
        (ship("a", "s"), "not_staff"),
        (deliver("a", "d"), "not_staff"),
        (submission("b", submit(&[("tea", 1)])), "not_owner"),
    ] {
        let decided = shop.decide(vec![domain::OrderCommand {
            actor: stranger(),
            ..command
        }]);
        assert_eq!(impossible(decided.verdicts[0].clone()), reason);
        assert!(decided.written.is_empty());
    }
}

#[test]
fn time_in_a_history_never_goes_back() {
    let mut shop = shop();
    shop.decide(vec![submission("a", submit(&[("tea", 2)]))]);
    shop.batch.commands = vec![cancel("a", "c")];
    domain::decide::decide(&mut shop.batch, at(3));
    assert_eq!(shop.order("a").updated_at, at(10));
}
