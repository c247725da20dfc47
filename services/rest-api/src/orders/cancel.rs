//! `POST /v1/orders/{id}/cancellation`

use actix_web::http::header::{self, ETag};
use actix_web::{HttpRequest, HttpResponse, web};
use ordering::{CancelError, Ordering};

use super::view::OrderView;
use crate::auth::Reader;
use crate::body::{EmptyBody, Nothing};
use crate::conditional::Expected;
use crate::idempotency::Key;
use crate::problem::{Kind, Problem};

/// Takes the wish to call the order off and answers with the order as it stood; what became of the wish is seen in
/// the order's history, as `cancelled` or as a refusal.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancellation",
    operation_id = "cancelOrder",
    tag = "orders",
    summary = "Ask to cancel an order",
    description = "Whether it could still be cancelled is decided later: follow the order, or read its history, which shows the state `cancelled` or a refusal. Where the order has moved on from what If-Match names, nothing is cancelled: that is answered 412 where it is known at once, else it is a refusal with the reason `stale_version`.",
    params(("id" = domain::OrderId, Path), ("Idempotency-Key" = String, Header), ("If-Match" = String, Header)),
    request_body = Option<Nothing>,
    responses((status = 202, description = "The wish is taken; the order as it stood.", body = OrderView, headers(("Location"), ("ETag")))),
    security(("bearer" = []))
)]
pub(crate) async fn cancel(
    ordering: web::Data<Ordering>,
    reader: Reader,
    id: web::Path<String>,
    key: Key,
    request: HttpRequest,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    let id = super::order_id(&id)?;
    let seen = Expected::of(&request, super::version_of)?.0;
    let now = chassis::clock::now();
    // As its owner, which may be the guest that the account's owner was.
    let order = ordering.cancel(reader.0, id, &key.0, None, seen, now).await?;
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, super::location(id)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ETag(super::tag(&order)))
        .json(OrderView::from(&order)))
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::new(Kind::NotFound),
            CancelError::Changed => Self::new(Kind::PreconditionFailed),
            CancelError::QueueFull => Self::new(Kind::QueueFull),
            CancelError::Unavailable(_) => Self::unavailable(&error),
        }
    }
}
