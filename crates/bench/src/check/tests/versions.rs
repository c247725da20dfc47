//! I5.

use domain::{OrderState, Version};

use super::samples::*;
use super::{Violation, after, other_command};

#[test]
fn i5_a_version_that_is_missing_or_comes_again_is_found() {
    let order = id(0, "b");
    let missing = after(|shop| shop.step(order, 4, OrderState::Shipped, other_command()));
    assert_eq!(
        missing,
        [Violation::VersionGap {
            order,
            after: Version(2),
            found: Version(4)
        }]
    );
    let again = after(|shop| shop.step(order, 2, OrderState::Shipped, other_command()));
    assert_eq!(
        again,
        [Violation::VersionGap {
            order,
            after: Version(2),
            found: Version(2)
        }]
    );
}

#[test]
fn i5_a_step_that_is_no_arrow_of_the_states_is_found() {
    let order = id(0, "b");
    let violations = after(|shop| shop.step(order, 3, OrderState::Delivered, other_command()));
    let (from, to) = (OrderState::Confirmed, OrderState::Delivered);
    assert_eq!(
        violations,
        [Violation::IllegalStep {
            order,
            version: Version(3),
            from,
            to
        }]
    );
    let beginning = after(|shop| shop.row("b", 1).event.state = OrderState::AwaitingUploads);
    assert_eq!(
        beginning,
        [Violation::WrongBeginning {
            order,
            state: OrderState::AwaitingUploads
        }]
    );
}

#[test]
fn i5_a_refused_wish_that_moved_the_order_is_found_and_one_that_did_not_is_right() {
    let order = id(0, "b");
    let refused = |state| {
        after(|shop| {
            shop.step(order, 3, state, other_command());
            shop.row("b", 3).event.refused = Some("ship".into());
        })
    };
    assert_eq!(refused(OrderState::Confirmed), []);
    let (from, to) = (OrderState::Confirmed, OrderState::Shipped);
    assert_eq!(
        refused(OrderState::Shipped),
        [Violation::IllegalStep {
            order,
            version: Version(3),
            from,
            to
        }]
    );
}

#[test]
fn i5_row_document_and_history_that_differ_are_found() {
    let torn = [Violation::Torn { order: id(0, "b") }];
    assert_eq!(after(|shop| shop.order(0, "b").consistent = false), torn);
    assert_eq!(after(|shop| shop.order(0, "b").version = Version(3)), torn);
    assert_eq!(after(|shop| shop.row("b", 2).event.customer = customer(5)), torn);
    let without_history = after(|shop| shop.audit.history.retain(|row| row.order != id(0, "b")));
    assert_eq!(without_history, torn);
}

#[test]
fn i5_history_without_its_order_is_found() {
    let violations = after(|shop| {
        let rows = shop.audit.history.clone();
        shop.forget(1, "d", 3);
        shop.audit.history = rows;
    });
    assert_eq!(violations, [Violation::HistoryWithoutOrder { order: id(1, "d") }]);
}

#[test]
fn i5_a_reader_who_saw_an_order_go_back_is_found() {
    let violations = after(|shop| {
        shop.history
            .push(record(0, "a", 0, seen("a", 1, OrderState::Submitted)));
    });
    let went_back = Violation::WentBack {
        order: id(0, "a"),
        key: "a".into(),
        from: Version(2),
        to: Version(1),
    };
    assert_eq!(violations, [went_back]);
}

#[test]
fn i5_a_reader_who_saw_what_never_was_is_found() {
    for (version, state) in [
        (2, OrderState::Rejected),
        (3, OrderState::Confirmed),
        (1, OrderState::Confirmed),
    ] {
        let violations = after(|shop| {
            shop.history.truncate(9);
            shop.history.push(record(0, "a", 0, seen("a", version, state)));
        });
        let never = Violation::SeenNeverStored {
            order: id(0, "a"),
            key: "a".into(),
            version: Version(version),
            state,
        };
        assert_eq!(violations, [never]);
    }
    let held = after(|shop| {
        shop.history
            .insert(9, record(0, "a", 0, seen("a", 1, OrderState::Held)));
    });
    assert_eq!(held, [], "an order may be held before it is replayed");
}
