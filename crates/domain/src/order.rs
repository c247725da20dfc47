//! The order's document, as it is stored and read.

mod erase;
mod state;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use state::{OrderState, Reason, ReasonCode};

use crate::access::{Actor, Customer};
use crate::idempotency::Fingerprint;
use crate::ids::{CommandId, OrderId, Version};
use crate::money::Money;
use crate::text::{Invalid, Text};

/// A stock keeping unit: 1 to 64 of `a-z`, `0-9` and `-`; it stands in subjects and addresses.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[a-z0-9-]{1,64}$", examples("honey-acacia")))]
#[serde(try_from = "String", into = "String")]
pub struct Sku(String);

impl Sku {
    /// The unit's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("must be 1 to 64 characters of a-z, 0-9 and -"))
        }
    }
}

impl TryFrom<String> for Sku {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many of a product: 1 to 999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = u16, minimum = 1, maximum = 999, examples(2)))]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(u16);

impl Quantity {
    /// The count itself.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for Quantity {
    type Error = Invalid;

    fn try_from(count: i64) -> Result<Self, Invalid> {
        match u16::try_from(count) {
            Ok(count @ 1..=999) => Ok(Self(count)),
            _ => Err(Invalid::new("must be a number from 1 to 999")),
        }
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0.into()
    }
}

/// One product of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which product.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// Its name when the order was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The catalog's price when the order was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Money>,
    /// Fields a newer version of Waybill wrote.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

/// Whom to reach about an order. Never in an event, a log or a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contact {
    /// The customer's name.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("Ada Lovelace")))]
    pub name: Text<1, 200>,
    /// E-mail address.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("ada@example.org")))]
    pub email: Text<3, 254>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, examples("+43 1 234567")))]
    pub phone: Option<Text<3, 40>>,
}

/// Where an order goes. Never in an event, a log or a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Address {
    /// Street and number.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("Ring 1")))]
    pub street: Text<1, 200>,
    /// Postal code.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("1010")))]
    pub postcode: Text<1, 20>,
    /// Town.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("Wien")))]
    pub city: Text<1, 100>,
    /// ISO 3166-1 alpha-2 code.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("AT")))]
    pub country: Text<2, 2>,
}

pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

/// One transition, one refused wish, or the erasure of personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The version it made.
    pub version: Version,
    /// The state it led to.
    pub state: OrderState,
    /// When it was decided.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: Actor,
    /// Why, where there is more to say than the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The wish that was refused; none for a transition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Whether it took the personal data out of the order; the state stays.
    #[serde(default, skip_serializing_if = "is_false")]
    pub erased: bool,
    /// The command that caused it.
    pub command: CommandId,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Its version: how many history entries it has.
    pub version: Version,
    /// Where it stands.
    pub state: OrderState,
    /// Whose it is.
    pub customer: Customer,
    /// What is ordered.
    pub lines: Vec<Line>,
    /// Sum of the lines at catalog prices; none until decided or where it could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// Whom to reach.
    pub contact: Contact,
    /// Where it goes.
    pub shipping_address: Address,
    /// What the customer wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<1, 2000>>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The carrier's tracking code, once shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Text<1, 100>>,
    /// What its submission asked, to recognise another under the same key. Of an erased order it says nothing.
    pub fingerprint: Fingerprint,
    /// When its personal data was taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// When it was accepted.
    pub submitted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Every version, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Fields a newer version of Waybill wrote.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}
