//! The address book: list, add, read, put, remove.

mod add;
mod change;
mod read;
mod view;

pub(crate) use add::add;
pub(crate) use change::{put, remove};
pub(crate) use read::{list, read};

use domain::AddressId;

use crate::problem::{Kind, Problem};
use utoipa::OpenApi;

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(read::list, add::add, read::read, change::put, change::remove))]
pub(crate) struct Operations;

/// The entry that an address names. A malformed id is one that does not exist.
fn id(text: &str) -> Result<AddressId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound))
}
