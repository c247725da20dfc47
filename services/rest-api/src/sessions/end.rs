//! `DELETE /v1/me/sessions/{id}` and `DELETE /v1/me/sessions`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::Accounts;

use crate::auth::SignedIn;
use crate::problem::{Kind, Problem};

/// Ends one of the caller's sessions, which may be the one that asks.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{id}",
    operation_id = "endSession",
    tag = "sessions",
    summary = "End an own session",
    description = "It may be the one that asks.",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "The session has ended.")),
    security(("bearer" = []))
)]
pub(crate) async fn end(
    accounts: web::Data<Accounts>,
    caller: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = id.parse().map_err(|_| Problem::new(Kind::NotFound))?;
    let ended = accounts
        .end_session(caller.0.account, id)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    if ended {
        Ok(nothing())
    } else {
        Err(Problem::new(Kind::NotFound))
    }
}

/// Ends all of the caller's sessions but the one that asks: who finds a stranger among them wants the stranger out, not himself.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions",
    operation_id = "endOtherSessions",
    tag = "sessions",
    summary = "End all other sessions",
    description = "All but the one that asks.",
    responses((status = 204, description = "The other sessions have ended.")),
    security(("bearer" = []))
)]
pub(crate) async fn end_others(
    accounts: web::Data<Accounts>,
    caller: SignedIn,
) -> Result<HttpResponse, Problem> {
    accounts
        .end_other_sessions(caller.0.account, caller.0.session.unwrap_or_default())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(nothing())
}

fn nothing() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
