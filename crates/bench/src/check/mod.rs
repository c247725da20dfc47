//! Whether the promises held: a pure comparison of what was tried with what is stored.
//!
//! I1: every accepted order exists once and is settled. I2: one effect per order. I3: no order that nobody submitted.
//! I5: versions only grow, transitions are legal, no reader sees an order go back. I6: totals are catalog prices, stock adds up.

mod stock;
mod submissions;
mod versions;
mod violation;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use domain::OrderId;
use storage::audit::{Audit, AuditedOrder};

use crate::history::{Record, What};
pub use violation::Violation;

/// What else is known of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expectations {
    /// It also has orders that are not in the history: those of nobody in it are not looked at for I1 to I3.
    pub others: bool,
    /// Prices were changed after orders had been decided: they are not compared with the catalog's of now.
    pub prices_changed: bool,
}

/// Every broken promise.
pub fn check(history: &[Record], audit: &Audit, expected: Expectations) -> Vec<Violation> {
    let mut orders: HashMap<OrderId, &AuditedOrder> = HashMap::with_capacity(audit.orders.len());
    let mut violations = Vec::new();
    for order in &audit.orders {
        if orders.insert(order.id, order).is_some() {
            violations.push(Violation::Doubled { order: order.id });
        }
    }
    violations.extend(submissions::check(history, &orders, expected));
    violations.extend(versions::check(history, audit));
    violations.extend(stock::check(audit, expected));
    violations
}

/// The orders that were answered with 2xx.
pub fn accepted(history: &[Record]) -> BTreeSet<OrderId> {
    let orders = history.iter().filter_map(|record| match record.what {
        What::Accepted { order, .. } => Some(order),
        _ => None,
    });
    orders.collect()
}
