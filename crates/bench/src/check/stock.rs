//! I6: totals are catalog prices, and stock adds up.

use std::collections::HashMap;

use domain::{Line, Money, OrderState, Sku};
use storage::audit::{Audit, AuditedOrder, AuditedProduct};

use super::{Expectations, Violation};

pub(super) fn check(audit: &Audit, expected: Expectations) -> Vec<Violation> {
    let products: HashMap<&Sku, &AuditedProduct> = audit
        .products
        .iter()
        .map(|product| (&product.sku, product))
        .collect();
    let mut held: HashMap<&Sku, i64> = HashMap::new();
    let mut violations = Vec::new();
    for order in &audit.orders {
        violations.extend(total(order));
        if !expected.prices_changed {
            violations.extend(prices(order, &products));
        }
        if holds_stock(order.state) {
            for line in &order.lines {
                *held.entry(&line.sku).or_default() += i64::from(line.quantity);
                if !products.contains_key(&line.sku) {
                    violations.push(Violation::UnknownProduct {
                        order: order.id,
                        sku: line.sku.clone(),
                    });
                }
            }
        }
    }
    let units = |product: &AuditedProduct| held.get(&product.sku).copied().unwrap_or_default();
    violations.extend(
        audit
            .products
            .iter()
            .flat_map(|product| ledger(product, units(product))),
    );
    violations
}

fn holds_stock(state: OrderState) -> bool {
    matches!(
        state,
        OrderState::Confirmed | OrderState::Shipped | OrderState::Delivered
    )
}

/// Whether it was confirmed at some time, so that its prices are those of that time.
fn was_confirmed(state: OrderState) -> bool {
    holds_stock(state) || state == OrderState::Cancelled
}

/// The total is the sum of the lines. A rejected order may have none.
fn total(order: &AuditedOrder) -> Option<Violation> {
    let right = match order.total {
        Some(total) => sum(&order.lines) == Some(total),
        None => !was_confirmed(order.state),
    };
    (!right).then_some(Violation::WrongTotal { order: order.id })
}

fn sum(lines: &[Line]) -> Option<Money> {
    let mut amounts = lines
        .iter()
        .map(|line| line.unit_price?.times(line.quantity.get()));
    let first = amounts.next()??;
    amounts.try_fold(first, |total, amount| total.plus(amount?))
}

fn prices(order: &AuditedOrder, products: &HashMap<&Sku, &AuditedProduct>) -> Vec<Violation> {
    if !was_confirmed(order.state) {
        return Vec::new();
    }
    let wrong = order.lines.iter().filter_map(|line| {
        let price = products.get(&line.sku)?.price_minor;
        let paid = line.unit_price.map(|price| price.minor);
        let sku = line.sku.clone();
        (paid != Some(price)).then_some(Violation::WrongPrice {
            order: order.id,
            sku,
            paid,
            price,
        })
    });
    wrong.collect()
}

fn ledger(product: &AuditedProduct, held: i64) -> Vec<Violation> {
    let AuditedProduct {
        available,
        ledger,
        put_in,
        sold,
        ..
    } = *product;
    let sku = || product.sku.clone();
    let mut violations = Vec::new();
    if available < 0 {
        violations.push(Violation::BelowZero {
            sku: sku(),
            available,
        });
    }
    if ledger != available {
        violations.push(Violation::WrongLedger {
            sku: sku(),
            available,
            ledger,
        });
    }
    if sold + available != put_in {
        violations.push(Violation::UnitsVanished {
            sku: sku(),
            put_in,
            sold,
            available,
        });
    }
    if sold != held {
        violations.push(Violation::SoldNotHeld {
            sku: sku(),
            sold,
            held,
        });
    }
    violations
}
