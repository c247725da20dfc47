//! `POST /v1/orders/{id}/cancellation`

use actix_web::http::header::{self, ETag};
use actix_web::{HttpResponse, web};
use ordering::{CancelError, Ordering};

use super::view::OrderView;
use crate::auth::Reader;
use crate::body::EmptyBody;
use crate::idempotency::Key;
use crate::problem::{Kind, Problem};

/// Takes the wish to call the order off and answers with the order as it stood; what became of the wish is seen in
/// the order's history, as `cancelled` or as a refusal.
pub(crate) async fn cancel(
    ordering: web::Data<Ordering>,
    reader: Reader,
    id: web::Path<String>,
    key: Key,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    let id = super::order_id(&id)?;
    let now = chassis::clock::now();
    // As its owner, which may be the guest that the account's owner was.
    let order = ordering.cancel(reader.0, id, &key.0, None, now).await?;
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
            CancelError::QueueFull => Self::new(Kind::QueueFull),
            CancelError::Unavailable(_) => Self::unavailable(&error),
        }
    }
}
