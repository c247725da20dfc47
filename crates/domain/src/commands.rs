//! What may be asked of an order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{Actor, Customer};
use crate::idempotency::Fingerprint;
use crate::ids::{CommandId, EventId, OrderId, Version};
use crate::money::Money;
use crate::order::{Address, Contact, HistoryEntry, Line, Order, OrderState, Quantity, Sku};
use crate::text::Text;

/// The most lines an order may have.
pub const MAX_LINES: usize = 100;

/// One line of a submission. Its price comes from the catalog, never from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitLine {
    /// Which product.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// The body of `order.submit.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// Whose order it will be.
    pub customer: Customer,
    /// What is ordered: 1 to 100 lines, each SKU once.
    pub lines: Vec<SubmitLine>,
    /// Whom to reach.
    pub contact: Contact,
    /// Where it goes.
    pub shipping_address: Address,
    /// What the customer wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<1, 2000>>,
    /// The total the client had shown; the order is rejected when it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
}

impl Submit {
    /// What this submission asks, for telling a retry from another request under the same key.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    /// The order as it is when it was accepted at `at` and nothing has been decided: version 1, `submitted`.
    pub fn accepted(&self, order: OrderId, at: Timestamp) -> Order {
        let entry = HistoryEntry {
            version: Version::FIRST,
            state: OrderState::Submitted,
            at,
            by: Actor::Customer(self.customer),
            reason: None,
            refused: None,
            command: CommandId::of_submission(order),
        };
        Order {
            id: order,
            version: entry.version,
            state: entry.state,
            customer: self.customer,
            lines: self.lines.iter().map(SubmitLine::undecided).collect(),
            total: None,
            contact: self.contact.clone(),
            shipping_address: self.shipping_address.clone(),
            note: self.note.clone(),
            reason: None,
            tracking: None,
            fingerprint: self.fingerprint(),
            submitted_at: at,
            updated_at: at,
            history: vec![entry],
            unknown: serde_json::Map::new(),
        }
    }
}

impl SubmitLine {
    /// The order's line before the catalog gave it name and price.
    fn undecided(&self) -> Line {
        Line {
            sku: self.sku.clone(),
            quantity: self.quantity,
            name: None,
            unit_price: None,
            unknown: serde_json::Map::new(),
        }
    }
}

/// What is asked of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderAction {
    /// Make it.
    Submit(Box<Submit>),
    /// Call it off.
    Cancel(Cancel),
    /// It was handed to the carrier.
    Ship(Ship),
    /// It has arrived.
    Deliver(Deliver),
}

/// The body of `order.cancel.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cancel {
    /// The version that whoever asks has seen: of another one nothing is called off. None: whatever version it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

/// The body of `order.ship.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ship {
    /// The carrier's tracking code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Text<1, 100>>,
}

/// The body of `order.deliver.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Deliver {}

/// A command on an order. On the wire: id, actor and time in the envelope, the action as body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderCommand {
    /// Its id; a retry has the same.
    pub id: CommandId,
    /// The order it is for.
    pub order: OrderId,
    /// Who asks.
    pub actor: Actor,
    /// When it was sent.
    pub at: Timestamp,
    /// What is asked.
    pub action: OrderAction,
}

/// Why a command's body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableCommand {
    /// No such type in any version: it will never be readable.
    #[error("no command has the type `{0}`")]
    UnknownType(String),
    /// A type of ours in a newer version: it waits for a newer reader.
    #[error("`{0}` is of a newer version than this program reads")]
    NewerVersion(String),
    /// The body does not fit its type.
    #[error("the body is not a valid `{kind}`: {source}")]
    Body {
        /// The type it claims.
        kind: String,
        /// What did not fit.
        source: serde_json::Error,
    },
}

impl OrderAction {
    /// The word for it in subjects: `submit`.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Submit(_) => "submit",
            Self::Cancel(_) => "cancel",
            Self::Ship(_) => "ship",
            Self::Deliver(_) => "deliver",
        }
    }

    /// The message type it travels under: `order.submit.v1`.
    pub fn message_type(&self) -> &'static str {
        match self {
            Self::Submit(_) => "order.submit.v1",
            Self::Cancel(_) => "order.cancel.v1",
            Self::Ship(_) => "order.ship.v1",
            Self::Deliver(_) => "order.deliver.v1",
        }
    }

    /// Its body as JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Submit(submit) => serde_json::to_vec(submit),
            Self::Cancel(cancel) => serde_json::to_vec(cancel),
            Self::Ship(ship) => serde_json::to_vec(ship),
            Self::Deliver(deliver) => serde_json::to_vec(deliver),
        }
    }

    /// Reads `body` as the message type `kind`. Fields it does not know are ignored.
    ///
    /// # Errors
    /// [`UnreadableCommand`], which says whether waiting for a newer reader helps.
    pub fn from_json(kind: &str, body: &[u8]) -> Result<Self, UnreadableCommand> {
        let body_error = |source| UnreadableCommand::Body {
            kind: kind.to_owned(),
            source,
        };
        match kind {
            "order.submit.v1" => serde_json::from_slice(body).map(Self::Submit).map_err(body_error),
            "order.cancel.v1" => serde_json::from_slice(body).map(Self::Cancel).map_err(body_error),
            "order.ship.v1" => serde_json::from_slice(body).map(Self::Ship).map_err(body_error),
            "order.deliver.v1" => serde_json::from_slice(body)
                .map(Self::Deliver)
                .map_err(body_error),
            other if is_newer(other, "order", &["submit", "cancel", "ship", "deliver"]) => {
                Err(UnreadableCommand::NewerVersion(other.to_owned()))
            }
            other => Err(UnreadableCommand::UnknownType(other.to_owned())),
        }
    }
}

/// Whether `kind` is `<entity>.<verb>.v<n>` with a verb of ours and a version above 1.
pub(crate) fn is_newer(kind: &str, entity: &str, verbs: &[&str]) -> bool {
    let mut parts = kind.split('.');
    parts.next() == Some(entity)
        && parts.next().is_some_and(|verb| verbs.contains(&verb))
        && parts
            .next()
            .and_then(|version| version.strip_prefix('v')?.parse::<u32>().ok())
            > Some(1)
        && parts.next().is_none()
}

impl OrderCommand {
    /// The command that submits an order under the id derived for it.
    pub fn submit(order: OrderId, submit: Submit, at: Timestamp) -> Self {
        Self {
            id: CommandId::of_submission(order),
            order,
            actor: Actor::Customer(submit.customer),
            at,
            action: OrderAction::Submit(Box::new(submit)),
        }
    }

    /// Its message id (`ce-id`): `<order id>:1` for a submission, so that the order's first event has the same; else the command's id.
    pub fn message_id(&self) -> String {
        match self.action {
            OrderAction::Submit(_) => EventId {
                order: self.order,
                version: Version::FIRST,
            }
            .to_string(),
            _ => self.id.to_string(),
        }
    }
}
