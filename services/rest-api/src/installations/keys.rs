//! `GET /v1/push/keys`: what an app subscribes with.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// The public keys of who sends.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PushKeys)]
pub(crate) struct PushKeys {
    /// The `applicationServerKey` for `PushManager.subscribe` (VAPID, RFC 8292), in base64url; null where browsers are not told.
    pub(crate) webpush: Option<String>,
}

/// The keys, the same for all.
#[utoipa::path(
    get,
    path = "/v1/push/keys",
    operation_id = "getPushKeys",
    tag = "installations",
    summary = "Read the keys of push",
    description = "What a browser's app subscribes with before it registers its subscription.",
    responses((status = 200, description = "The keys.", body = PushKeys))
)]
pub(crate) async fn keys(keys: web::Data<PushKeys>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(&**keys)
}
