//! Sessions of accounts: their tokens, which there are, ending them.

mod end;
mod keys;
mod list;
mod refresh;
mod sign_out;

pub(crate) use end::{end, end_others};
pub(crate) use keys::keys;
pub(crate) use list::list;
pub(crate) use refresh::refresh;
pub(crate) use sign_out::sign_out;

use utoipa::OpenApi;

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(
    refresh::refresh,
    sign_out::sign_out,
    list::list,
    end::end,
    end::end_others,
    keys::keys
))]
pub(crate) struct Operations;
