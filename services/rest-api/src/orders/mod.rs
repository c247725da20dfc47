//! Orders: submit, read, list, follow, cancel.

mod cancel;
mod events;
mod list;
mod read;
mod submit;
mod view;

pub(crate) use cancel::cancel;
pub(crate) use events::events;
pub(crate) use list::list;
pub(crate) use read::read;
pub(crate) use submit::submit;

use actix_web::http::header::EntityTag;
use domain::{OrderId, Version};

use crate::problem::{Kind, Problem};

/// The order that an address names. A malformed id is one that does not exist.
fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound))
}

/// The entity tag of an order: its version.
fn tag(version: Version) -> EntityTag {
    EntityTag::new_strong(version.to_string())
}

fn location(id: OrderId) -> String {
    format!("/v1/orders/{id}")
}
