//! An order as apps see it.

use domain::order::{Address, Contact};
use domain::{Actor, Money, Order, OrderId, OrderState, Reason, Sku, Version};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An order.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderView<'a> {
    id: OrderId,
    version: Version,
    state: OrderState,
    lines: Vec<LineView<'a>>,
    /// The sum of its lines; null until it is decided, and where it could not be.
    #[schema(required = true)]
    total: Option<Money>,
    /// Why it was rejected.
    #[schema(required = true)]
    reason: Option<&'a Reason>,
    contact: &'a Contact,
    shipping_address: &'a Address,
    /// What the customer wrote.
    #[schema(required = true)]
    note: Option<&'a str>,
    /// The carrier's tracking code, once shipped.
    #[schema(required = true)]
    tracking: Option<&'a str>,
    /// When its personal data was taken out, upon the erasure of the account; null where it was not.
    #[schema(required = true)]
    erased_at: Option<Timestamp>,
    submitted_at: Timestamp,
    updated_at: Timestamp,
    /// Every version, oldest first.
    history: Vec<EntryView<'a>>,
    links: Links,
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderLine)]
struct LineView<'a> {
    #[schema(value_type = Sku)]
    sku: &'a str,
    #[schema(minimum = 1, maximum = 999)]
    quantity: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_price: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
}

/// One transition, or one refused wish.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderEvent)]
pub(super) struct EntryView<'a> {
    version: Version,
    state: OrderState,
    at: Timestamp,
    by: By,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// The wish that was refused; for a transition there is none.
    refused: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `true` where the order's personal data was taken out; its state stayed.
    erased: Option<bool>,
}

/// Who asked for a transition.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum By {
    Customer,
    Shop,
    System,
}

/// Where to go on from an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderLinks)]
struct Links {
    #[serde(rename = "self")]
    own: String,
    events: String,
    cancellation: String,
}

impl Links {
    fn of(id: OrderId) -> Self {
        let own = super::location(id);
        Self {
            events: format!("{own}/events"),
            cancellation: format!("{own}/cancellation"),
            own,
        }
    }
}

impl<'a> From<&'a Order> for OrderView<'a> {
    fn from(order: &'a Order) -> Self {
        Self {
            id: order.id,
            version: order.version,
            state: order.state,
            lines: lines(order),
            total: order.total,
            reason: order.reason.as_ref(),
            contact: &order.contact,
            shipping_address: &order.shipping_address,
            note: order.note.as_ref().map(|note| note.as_str()),
            tracking: order.tracking.as_ref().map(|code| code.as_str()),
            erased_at: order.erased_at,
            submitted_at: order.submitted_at,
            updated_at: order.updated_at,
            history: order.history.iter().map(EntryView::from).collect(),
            links: Links::of(order.id),
        }
    }
}

fn lines(order: &Order) -> Vec<LineView<'_>> {
    order
        .lines
        .iter()
        .map(|line| LineView {
            sku: line.sku.as_str(),
            quantity: line.quantity.get(),
            name: line.name.as_deref(),
            unit_price: line.unit_price,
            total: line.unit_price.and_then(|price| price.times(line.quantity.get())),
        })
        .collect()
}

impl<'a> From<&'a domain::HistoryEntry> for EntryView<'a> {
    fn from(entry: &'a domain::HistoryEntry) -> Self {
        let by = match entry.by {
            Actor::Customer(_) => By::Customer,
            Actor::Staff(_) => By::Shop,
            Actor::System(_) => By::System,
        };
        Self {
            version: entry.version,
            state: entry.state,
            at: entry.at,
            by,
            reason: entry.reason.as_ref(),
            refused: entry.refused.as_deref(),
            erased: entry.erased.then_some(true),
        }
    }
}

/// What is answered to a submission. Only what the request itself says, so that every retry is answered alike.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedOrder)]
pub(crate) struct AcceptedView<'a> {
    id: OrderId,
    version: Version,
    state: OrderState,
    lines: Vec<LineView<'a>>,
    links: Links,
}

impl<'a> From<&'a Order> for AcceptedView<'a> {
    fn from(order: &'a Order) -> Self {
        Self {
            id: order.id,
            version: Version::FIRST,
            state: OrderState::Submitted,
            lines: order
                .lines
                .iter()
                .map(|line| LineView {
                    sku: line.sku.as_str(),
                    quantity: line.quantity.get(),
                    name: None,
                    unit_price: None,
                    total: None,
                })
                .collect(),
            links: Links::of(order.id),
        }
    }
}
