//! `POST /v1/guest-sessions`: a token for someone who has no account.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::GuestId;
use identity::GuestTokens;

use crate::body::EmptyBody;

/// Mints a guest's scope. The token owns every order made with it: whoever loses it loses them.
pub(crate) async fn create(tokens: web::Data<GuestTokens>, _: EmptyBody) -> HttpResponse {
    let guest = GuestId(chassis::clock::random_id());
    HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(serde_json::json!({ "token": tokens.mint(guest), "token_type": "Bearer" }))
}
