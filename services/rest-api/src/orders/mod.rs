//! Orders: submit, read, list, follow, cancel.

mod cancel;
mod events;
mod group;
mod list;
mod prefer;
mod read;
mod submit;
mod view;

pub(crate) use cancel::cancel;
pub(crate) use events::{Heartbeat, events};
pub(crate) use group::submit_group;
pub(crate) use list::list;
pub(crate) use read::read;
pub(crate) use submit::submit;

use actix_web::http::header::EntityTag;
use domain::{Order, OrderId, OrderState, Version};

use crate::problem::{Kind, Problem};
use utoipa::OpenApi;

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(
    submit::submit,
    list::list,
    read::read,
    events::events,
    cancel::cancel,
    group::submit_group
))]
pub(crate) struct Operations;

/// The order that an address names. A malformed id is one that does not exist.
fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound))
}

/// What follows the version in the tag of an order that is held: being held is no version of it, but another answer.
const HELD: &str = "-held";

/// The entity tag of an order: its version.
fn tag(order: &Order) -> EntityTag {
    let held = if order.state == OrderState::Held { HELD } else { "" };
    EntityTag::new_strong(format!("{}{held}", order.version))
}

/// The version that a tag of ours stands for.
fn version_of(tag: &str) -> Option<Version> {
    tag.strip_suffix(HELD).unwrap_or(tag).parse().ok()
}

fn location(id: OrderId) -> String {
    format!("/v1/orders/{id}")
}
