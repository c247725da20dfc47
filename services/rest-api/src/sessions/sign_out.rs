//! `POST /v1/sign-out`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::Accounts;

use crate::auth::SignedIn;
use crate::body::EmptyBody;
use crate::problem::Problem;

/// Ends the session that asks: neither of its tokens is good any more.
pub(crate) async fn sign_out(
    accounts: web::Data<Accounts>,
    caller: SignedIn,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    accounts
        .end_session(caller.0.account, caller.0.session)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
