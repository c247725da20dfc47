//! A scheduled order as apps see it.

use domain::commands::SubmitLine;
use domain::order::{Address, Contact};
use domain::{Money, OrderId};
use jiff::Timestamp;
use ordering::ScheduledOrder;
use serde::Serialize;
use utoipa::ToSchema;

/// What is to be ordered, and when. It has no prices: they are those of the moment in which it is placed.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduledOrder)]
pub(crate) struct ScheduledView<'a> {
    id: OrderId,
    place_at: Timestamp,
    lines: &'a [SubmitLine],
    contact: &'a Contact,
    shipping_address: &'a Address,
    /// What the customer wrote.
    #[schema(required = true)]
    note: Option<&'a str>,
    /// The total the client has shown.
    #[schema(required = true)]
    expected_total: Option<Money>,
    links: Links,
}

/// Where to go on from it.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduledOrderLinks)]
struct Links {
    #[serde(rename = "self")]
    own: String,
    /// Where the order is once it is placed.
    order: String,
}

impl<'a> From<&'a ScheduledOrder> for ScheduledView<'a> {
    fn from(scheduled: &'a ScheduledOrder) -> Self {
        let submit = &scheduled.submit;
        Self {
            id: scheduled.id,
            place_at: scheduled.at,
            lines: &submit.lines,
            contact: &submit.contact,
            shipping_address: &submit.shipping_address,
            note: submit.note.as_ref().map(|note| note.as_str()),
            expected_total: submit.expected_total,
            links: Links {
                own: super::location(scheduled.id),
                order: format!("/v1/orders/{}", scheduled.id),
            },
        }
    }
}
