//! What customers want to hear of: wish, list, read, take back.

mod create;
mod own;
mod view;

pub(crate) use create::create;
pub(crate) use own::{list, read, remove};

use domain::WishId;
use utoipa::OpenApi;

use crate::problem::{Kind, Problem};

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(create::create, own::list, own::read, own::remove))]
pub(crate) struct Operations;

/// The wish that an address names. A malformed id is one that does not exist.
fn id(text: &str) -> Result<WishId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound))
}
