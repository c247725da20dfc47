//! What happened to an order. Ids, versions, states, reasons and amounts; never contact, address or note.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{Actor, Customer};
use crate::ids::{EventId, OrderId, Version};
use crate::money::Money;
use crate::order::{HistoryEntry, Order, OrderState, Reason, is_false};

/// The body of `order.<state>.v1`, of `order.refused.v1` for a wish that was refused, and of `order.erased.v1` where the personal data
/// was taken out of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Which order.
    pub order: OrderId,
    /// The version it reached.
    pub version: Version,
    /// Where it stands now.
    pub state: OrderState,
    /// Whose it is.
    pub customer: Customer,
    /// Who caused it.
    pub by: Actor,
    /// When it was decided.
    pub at: Timestamp,
    /// The order's total, once decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// Why, where there is more to say than the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The wish that was refused; none for a transition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether the personal data was taken out of the order; its state stays.
    #[serde(default, skip_serializing_if = "is_false")]
    pub erased: bool,
}

impl OrderEvent {
    /// The event that tells `entry` of the history of `order`.
    pub fn of(order: &Order, entry: &HistoryEntry) -> Self {
        Self {
            order: order.id,
            version: entry.version,
            state: entry.state,
            customer: order.customer,
            by: entry.by.clone(),
            at: entry.at,
            total: order.total.filter(|_| entry.version > Version::FIRST),
            reason: entry.reason.clone(),
            refused: entry.refused.clone(),
            erased: entry.erased,
        }
    }

    /// `<order id>:<version>`.
    pub fn id(&self) -> EventId {
        EventId {
            order: self.order,
            version: self.version,
        }
    }

    /// The word for it in subjects: its state, `refused` or `erased`.
    pub fn verb(&self) -> &'static str {
        if self.erased {
            "erased"
        } else if self.refused.is_some() {
            "refused"
        } else {
            self.state.as_str()
        }
    }

    /// The message type it travels under: `order.confirmed.v1`.
    pub fn message_type(&self) -> String {
        format!("order.{}.v1", self.verb())
    }
}
