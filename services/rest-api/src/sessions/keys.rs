//! `GET /.well-known/jwks.json`: the keys that access tokens are checked with (RFC 7517).

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::Accounts;

/// Every key that is accepted. A new one is served long before it signs, so that whoever keeps the answer for its time knows it.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "getTokenKeys",
    tag = "sessions",
    summary = "Read the keys of access tokens",
    description = "What access tokens are checked with (RFC 7517). A key is served long before it signs.",
    responses((status = 200, description = "A JSON Web Key Set.", body = Object))
)]
pub(crate) async fn keys(accounts: web::Data<Accounts>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(accounts.keys().now().public())
}
