//! `POST /v1/order-groups`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::GroupDraft;
use ordering::Ordering;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::AcceptedView;
use crate::auth::Caller;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::observe::RequestId;
use crate::problem::Problem;

/// Orders that were accepted as a unit.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderGroup)]
pub(crate) struct Group<'a> {
    /// In the order of the request.
    orders: Vec<AcceptedView<'a>>,
}

/// Accepts all of the orders durably, or none, and answers 202 with them in the order of the request.
#[utoipa::path(
    post,
    path = "/v1/order-groups",
    operation_id = "submitOrderGroup",
    tag = "orders",
    summary = "Submit 2 to 10 orders as a unit",
    description = "A cart that was split. All of them are accepted durably, or none.",
    params(("Idempotency-Key" = String, Header)),
    request_body = GroupDraft,
    responses((status = 202, description = "All of them are accepted.", body = Group, headers(("Idempotent-Replayed")))),
    security(("bearer" = []))
)]
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
