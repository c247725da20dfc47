//! Signing up and in.

mod client;
mod sign_in;
mod sign_up;
mod view;

pub(crate) use client::Origin;
pub(crate) use sign_in::sign_in;
pub(crate) use sign_up::sign_up;
pub(crate) use view::{AccountView, TokensView};

use std::time::Duration;

use actix_web::http::header;
use domain::{FieldError, GuestId, Invalid};
use identity::GuestTokens;

use crate::problem::{Kind, Problem};
use utoipa::OpenApi;

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(sign_up::sign_up, sign_in::sign_in))]
pub(crate) struct Operations;

/// The guest whose token stands in a body.
pub(crate) fn guest(tokens: &GuestTokens, shown: &str) -> Result<GuestId, FieldError> {
    tokens.read(shown).map_err(|_| FieldError {
        pointer: "/guest_token".to_owned(),
        detail: "is none of ours".to_owned(),
    })
}

/// What is wrong with the field at `pointer`.
pub(crate) fn at(pointer: &'static str) -> impl Fn(Invalid) -> FieldError {
    move |error| FieldError {
        pointer: pointer.to_owned(),
        detail: error.to_string(),
    }
}

/// In whole seconds, as `Retry-After` takes them.
pub(crate) fn too_many_attempts(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(Kind::TooManyAttempts).header(header::RETRY_AFTER, seconds.to_string())
}
