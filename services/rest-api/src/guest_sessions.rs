//! `POST /v1/guest-sessions`: a token for someone who has no account.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::GuestId;
use identity::GuestTokens;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::body::{EmptyBody, Nothing};

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(create))]
pub(crate) struct Operations;

/// A guest's token.
#[derive(Serialize, ToSchema)]
pub(crate) struct GuestSession {
    /// What goes into `Authorization: Bearer <token>`. It does not expire.
    token: String,
    token_type: &'static str,
}

/// Mints a guest's scope. The token owns every order made with it: whoever loses it loses them.
#[utoipa::path(
    post,
    path = "/v1/guest-sessions",
    operation_id = "createGuestSession",
    tag = "guests",
    summary = "Get a token as a guest",
    description = "Mints a scope of its own. The token owns every order that is made with it: whoever loses it loses them.",
    request_body = Option<Nothing>,
    responses((status = 201, description = "A token for a scope that is new.", body = GuestSession))
)]
pub(crate) async fn create(tokens: web::Data<GuestTokens>, _: EmptyBody) -> HttpResponse {
    let guest = GuestId(chassis::clock::random_id());
    HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(GuestSession {
            token: tokens.mint(guest),
            token_type: "Bearer",
        })
}
