//! I6.

use domain::OrderState;

use super::samples::*;
use super::{Expectations, Violation, after, check, found, other_command};

#[test]
fn i6_a_total_that_is_not_the_sum_of_its_lines_is_found() {
    let wrong = [Violation::WrongTotal { order: id(0, "a") }];
    assert_eq!(after(|shop| shop.order(0, "a").total = Some(money(PRICE))), wrong);
    assert_eq!(after(|shop| shop.order(0, "a").total = None), wrong);
}

#[test]
fn i6_a_price_that_is_not_the_catalogs_is_found_unless_prices_were_changed() {
    let mut shop = Shop::whole();
    let order = shop.order(0, "a");
    order.lines[0].unit_price = Some(money(1));
    order.total = Some(money(2));
    let wrong = Violation::WrongPrice {
        order: id(0, "a"),
        sku: "tea".parse().unwrap(),
        paid: Some(1),
        price: PRICE,
    };
    assert_eq!(found(&shop), [wrong]);
    let changed = Expectations {
        prices_changed: true,
        ..Expectations::default()
    };
    assert_eq!(check(&shop.history, &shop.audit, changed), []);
}

#[test]
fn i6_an_order_of_a_product_that_is_not_in_the_catalog_is_found() {
    let violations = after(|shop| shop.audit.products.clear());
    assert_eq!(violations.len(), 3, "{violations:?}");
    assert!(
        violations
            .iter()
            .all(|violation| matches!(violation, Violation::UnknownProduct { .. }))
    );
}

#[test]
fn i6_stock_that_does_not_add_up_is_found() {
    let sku = || "tea".parse().unwrap();
    let below = after(|shop| {
        let tea = shop.tea();
        (tea.available, tea.ledger, tea.put_in) = (-1, -1, 5);
    });
    assert_eq!(
        below,
        [Violation::BelowZero {
            sku: sku(),
            available: -1
        }]
    );
    let ledger = after(|shop| shop.tea().ledger = 93);
    assert_eq!(
        ledger,
        [Violation::WrongLedger {
            sku: sku(),
            available: 94,
            ledger: 93
        }]
    );
    let vanished = after(|shop| shop.tea().put_in = 101);
    assert_eq!(
        vanished,
        [Violation::UnitsVanished {
            sku: sku(),
            put_in: 101,
            sold: 6,
            available: 94
        }]
    );
    let not_held = after(|shop| {
        let tea = shop.tea();
        (tea.available, tea.ledger, tea.sold) = (93, 93, 7);
    });
    assert_eq!(
        not_held,
        [Violation::SoldNotHeld {
            sku: sku(),
            sold: 7,
            held: 6
        }]
    );
}

#[test]
fn i6_a_cancelled_order_that_kept_its_stock_is_found() {
    let order = id(0, "a");
    let violations = after(|shop| shop.step(order, 3, OrderState::Cancelled, other_command()));
    assert_eq!(
        violations,
        [Violation::SoldNotHeld {
            sku: "tea".parse().unwrap(),
            sold: 6,
            held: 4
        }]
    );
}
