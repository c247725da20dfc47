//! What staff do to an order: ship it, note that it arrived.

use super::Verdict;
use super::desk::{Desk, Step};
use crate::access::Actor;
use crate::commands::{OrderCommand, Ship};
use crate::order::{OrderState, ReasonCode};

impl Desk<'_> {
    pub(super) fn ship(&mut self, command: &OrderCommand, state: OrderState, ship: &Ship) -> Verdict {
        if let Some(customer) = only_staff(command) {
            return customer;
        }
        match state {
            OrderState::Confirmed => {
                if let Some(order) = self.batch.orders.get_mut(&command.order) {
                    order.tracking.clone_from(&ship.tracking);
                }
                self.step(command, &Step::To(OrderState::Shipped))
            }
            OrderState::Submitted | OrderState::Held | OrderState::AwaitingUploads => {
                self.step(command, &Step::Refused(ReasonCode::TooEarly))
            }
            _ => self.step(command, &Step::Refused(ReasonCode::TooLate)),
        }
    }

    pub(super) fn deliver(&mut self, command: &OrderCommand, state: OrderState) -> Verdict {
        if let Some(customer) = only_staff(command) {
            return customer;
        }
        match state {
            OrderState::Shipped => self.step(command, &Step::To(OrderState::Delivered)),
            state if state.is_terminal() => self.step(command, &Step::Refused(ReasonCode::TooLate)),
            _ => self.step(command, &Step::Refused(ReasonCode::TooEarly)),
        }
    }
}

/// The verdict for a customer who asks for what only the shop may do.
fn only_staff(command: &OrderCommand) -> Option<Verdict> {
    matches!(command.actor, Actor::Customer(_)).then(|| Verdict::Impossible {
        reason: "not_staff",
        why: format!("{} may not {} an order", command.actor, command.action.verb()),
    })
}
