//! `POST /v1/scheduled-orders`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::ScheduledDraft;
use ordering::Ordering;

use super::view::ScheduledView;
use crate::auth::Caller;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::observe::RequestId;
use crate::problem::Problem;

/// Schedules an order durably and answers 201 with its address; it becomes an order under the same id.
#[utoipa::path(
    post,
    path = "/v1/scheduled-orders",
    operation_id = "scheduleOrder",
    tag = "scheduled orders",
    summary = "Schedule an order",
    description = "It has the id of the order that it becomes. Prices and stock are those of the moment in which it is placed. A customer has at most 20.",
    params(("Idempotency-Key" = String, Header)),
    request_body = ScheduledDraft,
    responses((status = 201, description = "The order is scheduled.", body = ScheduledView, headers(("Location"), ("ETag"), ("Idempotent-Replayed")))),
    security(("bearer" = []))
)]
pub(crate) async fn create(
    ordering: web::Data<Ordering>,
    caller: Caller,
    key: Key,
    request_id: RequestId,
    draft: JsonBody<ScheduledDraft>,
) -> Result<HttpResponse, Problem> {
    let (submit, at) = draft.0.parse(caller.0).map_err(Problem::invalid)?;
    let now = chassis::clock::now();
    let (scheduled, replayed) = ordering
        .schedule(submit, at, &key.0, Some(&request_id.0), now)
        .await?;
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, super::location(scheduled.id)));
    if replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(super::answer(response, &scheduled))
}
