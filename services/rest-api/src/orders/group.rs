//! `POST /v1/order-groups`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::GroupDraft;
use ordering::Ordering;
use serde::Serialize;

use super::view::AcceptedView;
use crate::auth::Caller;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::observe::RequestId;
use crate::problem::Problem;

#[derive(Serialize)]
struct Group<'a> {
    orders: Vec<AcceptedView<'a>>,
}

/// Accepts all of the orders durably, or none, and answers 202 with them in the order of the request.
pub(crate) async fn submit_group(
    ordering: web::Data<Ordering>,
    caller: Caller,
    key: Key,
    request_id: RequestId,
    draft: JsonBody<GroupDraft>,
) -> Result<HttpResponse, Problem> {
    let submits = draft.0.parse(caller.0).map_err(Problem::invalid)?;
    let now = chassis::clock::now();
    let group = ordering
        .submit_group(caller.0, submits, &key.0, Some(&request_id.0), now)
        .await?;
    let mut response = HttpResponse::Accepted();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if group.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.json(Group {
        orders: group.orders.iter().map(AcceptedView::from).collect(),
    }))
}
