//! `POST /v1/sign-out`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::Accounts;

use crate::auth::SignedIn;
use crate::body::{EmptyBody, Nothing};
use crate::problem::{Kind, Problem};

/// Ends the session that asks: neither of its tokens is good any more.
#[utoipa::path(
    post,
    path = "/v1/sign-out",
    operation_id = "signOut",
    tag = "sessions",
    summary = "Sign out",
    description = "Ends the session that asks: neither of its tokens is good any more.",
    request_body = Option<Nothing>,
    responses((status = 204, description = "The session has ended.")),
    security(("bearer" = []))
)]
pub(crate) async fn sign_out(
    accounts: web::Data<Accounts>,
    caller: SignedIn,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    let session = caller.0.session;
    let session = session.ok_or_else(|| Problem::new(Kind::SignedInElsewhere))?;
    accounts
        .end_session(caller.0.account, session)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
