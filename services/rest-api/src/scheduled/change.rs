//! `PUT /v1/scheduled-orders/{id}` and `DELETE /v1/scheduled-orders/{id}`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::ScheduledDraft;
use ordering::Ordering;

use super::view::ScheduledView;
use crate::auth::Reader;
use crate::body::JsonBody;
use crate::conditional::Expected;
use crate::observe::RequestId;
use crate::problem::Problem;

/// Puts another order or time in its place; the same request again changes nothing.
#[utoipa::path(
    put,
    path = "/v1/scheduled-orders/{id}",
    operation_id = "changeScheduledOrder",
    tag = "scheduled orders",
    summary = "Change a scheduled order",
    description = "Another order or time in its place, up to two seconds before its time.",
    params(("id" = domain::OrderId, Path), ("If-Match" = String, Header)),
    request_body = ScheduledDraft,
    responses((status = 200, description = "The scheduled order as it is now.", body = ScheduledView, headers(("ETag")))),
    security(("bearer" = []))
)]
pub(crate) async fn put(
    ordering: web::Data<Ordering>,
    reader: Reader,
    id: web::Path<String>,
    request: HttpRequest,
    request_id: RequestId,
    draft: JsonBody<ScheduledDraft>,
) -> Result<HttpResponse, Problem> {
    let id = super::id(&id)?;
    let version = Expected::of(&request, |tag| tag.parse().ok())?.0;
    let owner = super::owner(&ordering, &reader, id).await?;
    let (submit, at) = draft.0.parse(owner).map_err(Problem::invalid)?;
    let scheduled = ordering
        .reschedule(id, submit, at, version, Some(&request_id.0))
        .await?;
    Ok(super::answer(HttpResponse::Ok(), &scheduled))
}

/// Takes it back: it is never placed.
#[utoipa::path(
    delete,
    path = "/v1/scheduled-orders/{id}",
    operation_id = "unscheduleOrder",
    tag = "scheduled orders",
    summary = "Take back a scheduled order",
    description = "It is never placed. Possible up to two seconds before its time.",
    params(("id" = domain::OrderId, Path), ("If-Match" = String, Header)),
    responses((status = 204, description = "It is taken back.")),
    security(("bearer" = []))
)]
pub(crate) async fn remove(
    ordering: web::Data<Ordering>,
    reader: Reader,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = super::id(&id)?;
    let version = Expected::of(&request, |tag| tag.parse().ok())?.0;
    let owner = super::owner(&ordering, &reader, id).await?;
    ordering.unschedule(owner, id, version).await?;
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
