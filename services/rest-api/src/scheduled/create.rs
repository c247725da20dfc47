//! `POST /v1/scheduled-orders`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::ScheduledDraft;
use ordering::Ordering;

use crate::auth::Caller;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::observe::RequestId;
use crate::problem::Problem;

/// Schedules an order durably and answers 201 with its address; it becomes an order under the same id.
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
