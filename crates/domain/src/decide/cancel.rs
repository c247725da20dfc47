//! Calling an order off: by its owner or by staff, until it has left the house.

use super::Verdict;
use super::desk::{Desk, Step};
use crate::access::Actor;
use crate::commands::{Cancel, OrderCommand};
use crate::order::{OrderState, ReasonCode, Sku};

impl Desk<'_> {
    pub(super) fn cancel(&mut self, command: &OrderCommand, state: OrderState, wish: &Cancel) -> Verdict {
        if let Some(stranger) = self.stranger(command) {
            return stranger;
        }
        match state {
            OrderState::Shipped
            | OrderState::Delivered
            | OrderState::Rejected
            | OrderState::Cancelled
            | OrderState::Expired => self.step(command, &Step::Refused(ReasonCode::TooLate)),
            _ if self.is_stale(command, wish) => self.step(command, &Step::Refused(ReasonCode::StaleVersion)),
            OrderState::Confirmed => {
                self.give_back(command);
                self.step(command, &Step::To(OrderState::Cancelled))
            }
            // Nothing is reserved yet.
            OrderState::Submitted | OrderState::Held | OrderState::AwaitingUploads => {
                self.step(command, &Step::To(OrderState::Cancelled))
            }
        }
    }

    /// The verdict for a customer who acts on another's order; none for anyone who may act.
    fn stranger(&self, command: &OrderCommand) -> Option<Verdict> {
        let owner = self.batch.orders.get(&command.order)?.customer;
        match &command.actor {
            Actor::Customer(customer) if *customer != owner => Some(Verdict::Impossible {
                reason: "not_owner",
                why: format!("{customer} does not own order {}", command.order),
            }),
            _ => None,
        }
    }

    /// Whether the wish is for another version of the order than it has.
    fn is_stale(&self, command: &OrderCommand, wish: &Cancel) -> bool {
        let order = self.batch.orders.get(&command.order);
        wish.version
            .is_some_and(|seen| order.is_some_and(|order| order.version != seen))
    }

    fn give_back(&mut self, command: &OrderCommand) {
        let Some(order) = self.batch.orders.get(&command.order) else {
            return;
        };
        let reserved: Vec<(Sku, i64)> = order
            .lines
            .iter()
            .map(|line| (line.sku.clone(), i64::from(line.quantity)))
            .collect();
        for (sku, units) in reserved {
            self.move_stock(command, &sku, units);
        }
    }
}
