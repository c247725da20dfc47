//! What is worth an e-mail, and whose mailbox it goes to.
//!
//! A mailbox is an installation that nobody registered: it has an id of its own, and its address is asked for at the moment of sending.

use domain::{Customer, InstallationId, OrderEvent, OrderId, OrderState};
use storage::{Channel, Installation, Platform};
use uuid::Uuid;

use crate::notification::What;

const NAME: &[u8] = b"email";
/// What templates know mails by.
const APP: &str = "mail";
/// Of who has told no language.
const LOCALE: &str = "en";

/// Whether an event is worth a mail. Its customer gets one where he has something to keep or to do: a confirmation, a refusal, a shipment, an
/// arrival, missing files. That an order was received is not: the confirmation follows within a moment, and says so, too.
pub fn is_worth_a_mail(event: &OrderEvent) -> bool {
    if event.refused.is_some() {
        return true;
    }
    match event.state {
        OrderState::AwaitingUploads
        | OrderState::Confirmed
        | OrderState::Rejected
        | OrderState::Cancelled
        | OrderState::Expired
        | OrderState::Shipped
        | OrderState::Delivered => true,
        OrderState::Submitted | OrderState::Held => false,
    }
}

/// The mailbox of an order's contact: UUIDv5 (RFC 9562) in the order's name space.
fn of_order(order: OrderId) -> InstallationId {
    InstallationId(Uuid::new_v5(&order.0, NAME))
}

/// The mailbox of a customer's account: UUIDv5 (RFC 9562) in the customer's name space.
fn of_customer(customer: Customer) -> InstallationId {
    let own = match customer {
        Customer::Account(account) => account.0,
        Customer::Guest(guest) => guest.0,
    };
    InstallationId(Uuid::new_v5(&own, NAME))
}

/// The mailbox that `customer` is told of `what` in, as an installation to queue for: an order's contact, else the account's own. Its address
/// is empty here; the sender asks for it.
pub fn mailbox(what: &What, customer: Customer) -> Installation {
    Installation {
        id: match what {
            What::Order(event) => of_order(event.order),
            What::News(_) => of_customer(customer),
        },
        app: APP.to_owned(),
        customer,
        platform: Platform::Email,
        environment: "production".to_owned(),
        channel: Channel::Email {
            address: String::new(),
        },
        locale: LOCALE.to_owned(),
        tags: Vec::new(),
        expires_at: None,
        updated_at: what.at(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::samples;

    #[test]
    fn what_one_would_keep_or_must_act_upon_is_mailed() {
        let worth = |state| is_worth_a_mail(&samples::event(state));
        for state in [
            OrderState::AwaitingUploads,
            OrderState::Confirmed,
            OrderState::Rejected,
            OrderState::Cancelled,
            OrderState::Expired,
            OrderState::Shipped,
            OrderState::Delivered,
        ] {
            assert!(worth(state), "{state}");
        }
        assert!(!worth(OrderState::Submitted) && !worth(OrderState::Held));
        let mut refused = samples::event(OrderState::Submitted);
        refused.refused = Some("cancel".into());
        assert!(is_worth_a_mail(&refused), "a wish that was refused");
    }

    #[test]
    fn an_order_has_one_mailbox_always() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(of_order(OrderId(one)), of_order(OrderId(one)));
        assert_ne!(of_order(OrderId(one)), of_order(OrderId(other)));
    }
}
