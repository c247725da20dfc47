//! I1, I2 and I3.

use domain::{CommandId, OrderState, Version};

use super::samples::*;
use super::{Expectations, Violation, after, check, found, other_command};

#[test]
fn i1_an_accepted_order_that_is_not_there_is_lost() {
    let lost = Violation::Lost {
        order: id(0, "a"),
        key: "a".into(),
    };
    let mut shop = Shop::whole();
    shop.forget(0, "a", 2);
    shop.history.truncate(9);
    assert_eq!(found(&shop), [lost]);
}

#[test]
fn i1_an_order_that_is_there_twice_is_doubled() {
    let violations = after(|shop| {
        let copy = shop.order(0, "b").clone();
        shop.audit.orders.push(copy);
    });
    assert!(
        violations.contains(&Violation::Doubled { order: id(0, "b") }),
        "{violations:?}"
    );
}

#[test]
fn i1_an_order_that_nobody_decided_is_unsettled_also_one_of_unknown_outcome() {
    for (guest, key, units) in [(0, "b", 1), (1, "d", 3)] {
        let violations = after(|shop| {
            shop.forget(guest, key, units);
            shop.store(guest, key, units);
            shop.audit.history.pop();
            let order = shop.order(guest, key);
            (order.version, order.state, order.total) = (Version(1), OrderState::Submitted, None);
            let tea = shop.tea();
            (tea.available, tea.ledger, tea.sold) =
                (tea.available + units, tea.ledger + units, tea.sold - units);
        });
        let unsettled = Violation::Unsettled {
            order: id(guest, key),
            state: OrderState::Submitted,
        };
        assert_eq!(violations, [unsettled]);
    }
}

#[test]
fn i2_a_key_that_is_answered_with_two_orders_is_found() {
    let violations = after(|shop| {
        shop.history.push(record(0, "a", 2, attempted(2)));
        shop.history.push(record(0, "a", 2, accepted(0, "b")));
    });
    let mut orders = vec![id(0, "a"), id(0, "b")];
    orders.sort();
    assert!(
        violations.contains(&Violation::TwoOrders {
            key: "a".into(),
            orders
        }),
        "{violations:?}"
    );
}

#[test]
fn i2_a_key_that_is_accepted_with_another_body_is_found() {
    let violations = after(|shop| {
        shop.history.push(record(0, "a", 2, attempted(7)));
        shop.history.push(record(0, "a", 2, accepted(0, "a")));
    });
    assert_eq!(violations, [Violation::TwoBodies { key: "a".into() }]);
}

#[test]
fn i2_another_body_that_is_refused_is_right() {
    let violations = after(|shop| {
        shop.history.push(record(0, "a", 2, attempted(7)));
        shop.history.push(record(
            0,
            "a",
            2,
            refused(422, "/problems/idempotency-key-reused"),
        ));
    });
    assert_eq!(violations, []);
}

#[test]
fn i2_an_order_of_other_content_is_found() {
    let violations = after(|shop| {
        shop.forget(0, "b", 1);
        shop.store(0, "b", 4);
    });
    assert_eq!(
        violations,
        [Violation::OtherContent {
            order: id(0, "b"),
            key: "b".into()
        }]
    );
}

#[test]
fn i2_an_order_of_another_owner_is_found() {
    let violations = after(|shop| {
        shop.order(0, "b").customer = customer(5);
        shop.row("b", 1).event.customer = customer(5);
        shop.row("b", 2).event.customer = customer(5);
    });
    assert_eq!(
        violations,
        [Violation::OtherOwner {
            order: id(0, "b"),
            key: "b".into()
        }]
    );
}

#[test]
fn i2_a_command_that_took_effect_twice_is_found() {
    let order = id(0, "a");
    let submission = CommandId::of_submission(order);
    let shipped_twice = after(|shop| {
        shop.step(order, 3, OrderState::Shipped, other_command());
        shop.step(order, 4, OrderState::Delivered, other_command());
    });
    assert_eq!(
        shipped_twice,
        [Violation::EffectTwice {
            order,
            command: other_command()
        }]
    );
    let submitted_twice = after(|shop| shop.step(order, 3, OrderState::Shipped, submission));
    assert_eq!(
        submitted_twice,
        [Violation::EffectTwice {
            order,
            command: submission
        }]
    );
}

#[test]
fn i3_an_order_that_nobody_submitted_is_found_also_beside_those_of_others() {
    let stranger = |guest| after(|shop: &mut Shop| shop.store(guest, "z", 1));
    assert_eq!(stranger(0), [Violation::Stranger { order: id(0, "z") }]);
    assert_eq!(stranger(7), [Violation::Stranger { order: id(7, "z") }]);

    let mut shop = Shop::whole();
    shop.store(0, "z", 1);
    shop.store(7, "z", 1);
    let others = Expectations {
        others: true,
        ..Expectations::default()
    };
    assert_eq!(
        check(&shop.history, &shop.audit, others),
        [Violation::Stranger { order: id(0, "z") }]
    );
}

#[test]
fn i3_an_order_that_was_refused_and_exists_is_found() {
    let violations = after(|shop| shop.store(0, "c", 1));
    assert_eq!(
        violations,
        [Violation::RefusedYetStored {
            order: id(0, "c"),
            key: "c".into()
        }]
    );
    let full = after(|shop| {
        shop.history
            .push(record(1, "d", 1, refused(503, "/problems/queue-full")));
    });
    assert_eq!(
        full,
        [Violation::RefusedYetStored {
            order: id(1, "d"),
            key: "d".into()
        }]
    );
}

#[test]
fn i3_an_unknown_outcome_may_exist_or_not() {
    for what in [unknown(), refused(503, "/problems/unavailable")] {
        assert_eq!(
            after(|shop| shop.history.push(record(1, "d", 1, what.clone()))),
            []
        );
        let gone = after(|shop| {
            shop.history.push(record(1, "d", 1, what));
            shop.forget(1, "d", 3);
        });
        assert_eq!(gone, []);
    }
}
