//! What an account's owner reads and changes about it.

pub(crate) mod addresses;
mod change;
mod erase;
mod guests;
mod password;
pub(crate) mod preferences;
mod read;

pub(crate) use change::change;
pub(crate) use erase::erase;
pub(crate) use guests::add_guest;
pub(crate) use password::change_password;
pub(crate) use read::read;

use actix_web::HttpResponse;
use actix_web::http::header;
use identity::Identified;
use identity::accounts::ChangeError;
use storage::Account;

use crate::accounts::{AccountView, too_many_attempts};
use crate::problem::{Kind, Problem};
use utoipa::OpenApi;

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(
    read::read,
    change::change,
    erase::erase,
    password::change_password,
    guests::add_guest
))]
pub(crate) struct Operations;

fn answer(account: &Account, caller: &Identified) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(AccountView::of(account, caller.role))
}

/// `pointer` is where the present password stands in the body. It is no 401: the token is good, and a new one would not help.
fn refused(error: &ChangeError, pointer: &str) -> Problem {
    match error {
        ChangeError::WrongPassword => Problem::invalid_field(pointer, "is not the account's password"),
        ChangeError::NoPassword => Problem::new(Kind::SignedInElsewhere),
        ChangeError::EmailTaken => Problem::new(Kind::EmailTaken),
        ChangeError::Gone => Problem::new(Kind::Unauthorized),
        ChangeError::TooOften(wait) => too_many_attempts(wait.0),
        ChangeError::Unavailable(cause) => Problem::unavailable(cause),
    }
}
