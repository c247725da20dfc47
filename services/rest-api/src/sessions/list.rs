//! `GET /v1/me/sessions`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::Accounts;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::SignedIn;
use crate::problem::Problem;

/// Where an account is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionList)]
pub(crate) struct List {
    sessions: Vec<SessionView>,
}

/// A session as apps see it.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionView {
    id: Uuid,
    /// What the app called itself: its User-Agent.
    device: String,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// The caller's sessions that have not ended, the last used one first. They are so few that there are no pages.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    operation_id = "listSessions",
    tag = "sessions",
    summary = "List own sessions",
    description = "Where the account is signed in. They are so few that there are no pages.",
    responses((status = 200, description = "The sessions that have not ended, the last used one first.", body = List)),
    security(("bearer" = []))
)]
pub(crate) async fn list(accounts: web::Data<Accounts>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let sessions = accounts
        .sessions(caller.0.account, chassis::clock::now())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let view = |session: storage::Session| SessionView {
        current: Some(session.id) == caller.0.session,
        id: session.id,
        device: session.device,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(List {
            sessions: sessions.into_iter().map(view).collect(),
        }))
}
