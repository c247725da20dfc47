//! Taking the personal data out of the orders of customers who were erased.

use super::Verdict;
use super::desk::{Desk, Step};
use crate::commands::OrderCommand;
use crate::ids::OrderId;
use crate::order::OrderState;

impl Desk<'_> {
    /// One version step, once, of an order at its end. One that is under way keeps what its delivery needs: it takes the step with its last
    /// transition. An order of anyone else is left alone.
    pub(super) fn erase(&mut self, command: &OrderCommand, state: OrderState) -> Verdict {
        let Some(order) = self.batch.orders.get(&command.order) else {
            return Verdict::Early;
        };
        if !self.is_of_erased(command.order) {
            return Verdict::Impossible {
                reason: "not_erased",
                why: format!("the customer of order {} was not erased", command.order),
            };
        }
        if order.erased_at.is_some() || !state.is_terminal() {
            return Verdict::Effective(Vec::new());
        }
        self.one_step(command, &Step::Erased)
    }

    /// Whether the order's customer was erased.
    pub(super) fn is_of_erased(&self, order: OrderId) -> bool {
        let order = self.batch.orders.get(&order);
        order.is_some_and(|order| self.batch.erased.contains(&order.customer))
    }
}
