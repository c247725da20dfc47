//! Products, their prices and stock, and what staff may ask of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Actor;
use crate::commands::{UnreadableCommand, is_newer, without_contents};
use crate::ids::{CommandId, Version};
use crate::money::Money;
use crate::order::Sku;
use crate::text::Text;

/// A product as the shop shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// Its stock keeping unit.
    pub sku: Sku,
    /// Its version: a price edit carries the one it edits. Stock changes do not raise it.
    pub version: Version,
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("Acacia honey")))]
    pub name: Text<1, 200>,
    /// A few sentences.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("Light and mild.")))]
    pub description: Text<0, 2000>,
    /// The category it stands in.
    #[cfg_attr(feature = "openapi", schema(value_type = String, examples("honey")))]
    pub category: Text<1, 60>,
    /// What one costs.
    pub price: Money,
    /// How many can be sold.
    #[cfg_attr(feature = "openapi", schema(examples(12)))]
    pub available: i64,
    /// File name of its picture among the shop's assets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub picture: Option<Text<1, 100>>,
}

/// The body of `catalog.add.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddProduct {
    /// Its name.
    pub name: Text<1, 200>,
    /// A few sentences.
    pub description: Text<0, 2000>,
    /// The category it stands in.
    pub category: Text<1, 60>,
    /// What one costs; not negative.
    pub price: Money,
    /// How many there are to begin with; not negative.
    pub stock: i64,
    /// File name of its picture among the shop's assets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Text<1, 100>>,
}

/// The body of `catalog.price.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePrice {
    /// What one costs from now on; not negative.
    pub price: Money,
    /// The version of the product that is edited; another one refuses the edit.
    pub version: Version,
}

/// The body of `catalog.stock.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeStock {
    /// Units put in (positive) or taken out (negative).
    pub delta: i64,
}

/// What is asked of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogAction {
    /// Put it up for sale.
    Add(Box<AddProduct>),
    /// Change its price.
    Price(ChangePrice),
    /// Change its stock.
    Stock(ChangeStock),
}

/// A command on a product. On the wire: id, actor and time in the envelope, the action as body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogCommand {
    /// Its id; a retry has the same.
    pub id: CommandId,
    /// The product it is for.
    pub sku: Sku,
    /// Who asks.
    pub actor: Actor,
    /// When it was sent.
    pub at: Timestamp,
    /// What is asked.
    pub action: CatalogAction,
}

impl CatalogAction {
    /// The word for it in subjects: `price`.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Add(_) => "add",
            Self::Price(_) => "price",
            Self::Stock(_) => "stock",
        }
    }

    /// The message type it travels under: `catalog.price.v1`.
    pub fn message_type(&self) -> &'static str {
        match self {
            Self::Add(_) => "catalog.add.v1",
            Self::Price(_) => "catalog.price.v1",
            Self::Stock(_) => "catalog.stock.v1",
        }
    }

    /// Its body as JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Add(add) => serde_json::to_vec(add),
            Self::Price(price) => serde_json::to_vec(price),
            Self::Stock(stock) => serde_json::to_vec(stock),
        }
    }

    /// Reads `body` as the message type `kind`. Fields it does not know are ignored.
    ///
    /// # Errors
    /// [`UnreadableCommand`], which says whether waiting for a newer reader helps.
    pub fn from_json(kind: &str, body: &[u8]) -> Result<Self, UnreadableCommand> {
        let body_error = |error| UnreadableCommand::Body {
            kind: kind.to_owned(),
            why: without_contents(&error),
        };
        match kind {
            "catalog.add.v1" => serde_json::from_slice(body).map(Self::Add).map_err(body_error),
            "catalog.price.v1" => serde_json::from_slice(body).map(Self::Price).map_err(body_error),
            "catalog.stock.v1" => serde_json::from_slice(body).map(Self::Stock).map_err(body_error),
            other if is_newer(other, "catalog", &["add", "price", "stock"]) => {
                Err(UnreadableCommand::NewerVersion(other.to_owned()))
            }
            other => Err(UnreadableCommand::UnknownType(other.to_owned())),
        }
    }
}

/// What a change may have changed, as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductWas {
    /// What one cost.
    pub price: Money,
    /// How many could be sold.
    pub available: i64,
}

/// What happened to a product: the body of `catalog.<verb>.v1` on `events.catalog.<verb>.<sku>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogEvent {
    /// Which product.
    pub sku: Sku,
    /// `added`, `price-changed`, `stock-changed` or `refused`.
    pub verb: String,
    /// The product's version after it.
    pub version: Version,
    /// Its price after it.
    pub price: Money,
    /// How many can be sold after it.
    pub available: i64,
    /// What it is called. None of a product that is not there, nor in an event from before names were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<1, 200>>,
    /// The category it stands in. None where there is no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Text<1, 60>>,
    /// What it was before. None of one that was added or refused, nor in an event from before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<ProductWas>,
    /// Who asked for it.
    pub by: Actor,
    /// When it was decided.
    pub at: Timestamp,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The command that caused it; the event's id.
    pub command: CommandId,
}
