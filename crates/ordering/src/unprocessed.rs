//! The orders that are accepted and not yet processed, as far as their events were seen here: a list has them beside what is stored.

use std::collections::HashMap;

use domain::{Customer, OrderEvent, OrderId, Version};

/// The most orders that are remembered. Beyond it a list has them once they are processed.
const MOST: usize = 100_000;

/// By customer.
#[derive(Debug, Default)]
pub(crate) struct Unprocessed {
    orders: HashMap<Customer, Vec<OrderId>>,
    count: usize,
}

impl Unprocessed {
    /// Takes in what an event tells; `highest` is the version seen before it.
    pub(crate) fn heed(&mut self, event: &OrderEvent, highest: Version) {
        if event.version > Version::FIRST {
            self.remove(event.customer, event.order);
        } else if highest < Version::FIRST && self.count < MOST {
            self.orders.entry(event.customer).or_default().push(event.order);
            self.count += 1;
        }
    }

    /// The newest `most` of a customer's, in no order that counts.
    pub(crate) fn of(&self, customer: Customer, most: usize) -> Vec<OrderId> {
        self.orders.get(&customer).map_or_else(Vec::new, |orders| {
            orders.iter().rev().take(most).copied().collect()
        })
    }

    fn remove(&mut self, customer: Customer, order: OrderId) {
        let Some(orders) = self.orders.get_mut(&customer) else {
            return;
        };
        let before = orders.len();
        orders.retain(|known| *known != order);
        self.count -= before - orders.len();
        if orders.is_empty() {
            self.orders.remove(&customer);
        }
    }
}
