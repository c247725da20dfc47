//! `POST /v1/orders`

use actix_web::http::header::{self, ETag};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::{Access, OrderDraft};
use ordering::{Ordering, SubmitError};
use tokio_util::sync::CancellationToken;

use super::prefer;
use super::view::{AcceptedView, OrderView};
use crate::auth::Caller;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::observe::RequestId;
use crate::problem::{Kind, Problem};

/// Accepts an order durably and answers 202 with its address; nothing about it has been decided yet. Who prefers to wait is answered 201
/// with the order once it is settled.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "submitOrder",
    tag = "orders",
    summary = "Submit an order",
    description = "Accepts it durably. Prices and stock are looked at after the answer: the order is then `confirmed`, or `rejected` with a reason.",
    params(("Idempotency-Key" = String, Header), ("Prefer" = Option<String>, Header)),
    request_body = OrderDraft,
    responses(
        (
            status = 201,
            description = "The order, accepted and settled in the time that was preferred.",
            body = OrderView,
            headers(("Location"), ("ETag"), ("Idempotent-Replayed"), ("Preference-Applied"))
        ),
        (status = 202, description = "The order is accepted.", body = AcceptedView, headers(("Location"), ("ETag"), ("Idempotent-Replayed"), ("Preference-Applied"))),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn submit(
    ordering: web::Data<Ordering>,
    caller: Caller,
    key: Key,
    request_id: RequestId,
    request: HttpRequest,
    stopping: web::Data<CancellationToken>,
    draft: JsonBody<OrderDraft>,
) -> Result<HttpResponse, Problem> {
    let submit = draft.0.parse(caller.0).map_err(Problem::invalid)?;
    let now = chassis::clock::now();
    let accepted = ordering
        .submit(submit, &key.0, Some(&request_id.0), now)
        .await
        .map_err(Problem::from)?;
    let (id, waited) = (accepted.order.id, prefer::wait(&request));
    let settled = match waited {
        Some(seconds) => prefer::settled(&ordering, Access::Customer(caller.0), id, seconds, &stopping).await,
        None => None,
    };
    let mut response = match settled {
        Some(_) => HttpResponse::Created(),
        None => HttpResponse::Accepted(),
    };
    let order = settled.as_ref().unwrap_or(&accepted.order);
    response
        .insert_header((header::LOCATION, super::location(id)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ETag(super::tag(order)));
    if accepted.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    if let Some(seconds) = waited {
        response.insert_header(("preference-applied", format!("wait={seconds}")));
    }
    Ok(match &settled {
        Some(order) => response.json(OrderView::from(order)),
        None => response.json(AcceptedView::from(&accepted.order)),
    })
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
