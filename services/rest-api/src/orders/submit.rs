//! `POST /v1/orders`

use actix_web::http::header::{self, ETag};
use actix_web::{HttpResponse, web};
use domain::OrderDraft;
use ordering::{Ordering, SubmitError};

use super::view::AcceptedView;
use crate::auth::Caller;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::observe::RequestId;
use crate::problem::{Kind, Problem};

/// Accepts an order durably and answers 202 with its address; nothing about it has been decided yet.
pub(crate) async fn submit(
    ordering: web::Data<Ordering>,
    caller: Caller,
    key: Key,
    request_id: RequestId,
    draft: JsonBody<OrderDraft>,
) -> Result<HttpResponse, Problem> {
    let submit = draft.0.parse(caller.0).map_err(Problem::invalid)?;
    let now = chassis::clock::now();
    let accepted = ordering
        .submit(submit, &key.0, Some(&request_id.0), now)
        .await
        .map_err(Problem::from)?;
    let mut response = HttpResponse::Accepted();
    response
        .insert_header((header::LOCATION, super::location(accepted.order.id)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ETag(super::tag(&accepted.order)));
    if accepted.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.json(AcceptedView::from(&accepted.order)))
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::KeyReused => Self::new(Kind::IdempotencyKeyReused),
            SubmitError::QueueFull => Self::new(Kind::QueueFull),
            SubmitError::Unavailable(_) => Self::unavailable(&error),
        }
    }
}
