//! Where an order stands, and why.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::Invalid;

/// Where an order stands. Terminal: `rejected`, `cancelled`, `expired`, `delivered`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Accepted durably; nothing has been decided.
    Submitted,
    /// Its command lies in the dead letters. What a reader sees, never stored.
    Held,
    /// Stored; one or more attachments are not finished.
    AwaitingUploads,
    /// Every line priced and its stock reserved.
    Confirmed,
    /// Refused, with a reason.
    Rejected,
    /// Called off; its stock is released.
    Cancelled,
    /// Its uploads were not finished in time.
    Expired,
    /// Handed to the carrier.
    Shipped,
    /// With the customer.
    Delivered,
}

impl OrderState {
    /// As on the wire: `awaiting_uploads`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Held => "held",
            Self::AwaitingUploads => "awaiting_uploads",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
        }
    }

    /// Whether the order never leaves this state.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Rejected | Self::Cancelled | Self::Expired | Self::Delivered
        )
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderState {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        serde_json::from_value(text.into()).map_err(|_| Invalid::new("is not a state of an order"))
    }
}

/// Why an order was rejected or a wish refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// No product of that SKU.
    UnknownProduct,
    /// Fewer left than asked for.
    OutOfStock,
    /// The total the client had shown no longer holds.
    PriceChanged,
    /// The order can't be, e.g. lines of two currencies.
    Invalid,
    /// A wish came too late: the order has moved past it.
    TooLate,
    /// A wish came too early: the order has not come so far.
    TooEarly,
    /// A wish was for another version than the order has: it changed meanwhile.
    StaleVersion,
}

impl ReasonCode {
    /// As on the wire: `out_of_stock`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownProduct => "unknown_product",
            Self::OutOfStock => "out_of_stock",
            Self::PriceChanged => "price_changed",
            Self::Invalid => "invalid",
            Self::TooLate => "too_late",
            Self::TooEarly => "too_early",
            Self::StaleVersion => "stale_version",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reason with the line it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// What was wrong.
    pub code: ReasonCode,
    /// Index of the line it concerns, from 0; none where it is the whole order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}
