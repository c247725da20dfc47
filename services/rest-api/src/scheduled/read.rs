//! `GET /v1/scheduled-orders` and `GET /v1/scheduled-orders/{id}`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use ordering::Ordering;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::ScheduledView;
use crate::auth::Reader;
use crate::problem::{Kind, Problem};

/// All that a customer has scheduled.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduledOrderList)]
pub(crate) struct List<'a> {
    scheduled_orders: Vec<ScheduledView<'a>>,
}

/// The caller's scheduled orders, the next one first. They are so few that there are no pages.
#[utoipa::path(
    get,
    path = "/v1/scheduled-orders",
    operation_id = "listScheduledOrders",
    tag = "scheduled orders",
    summary = "List own scheduled orders",
    description = "They are so few that there are no pages.",
    responses((status = 200, description = "What is not yet placed, the next one first.", body = List)),
    security(("bearer" = []))
)]
pub(crate) async fn list(ordering: web::Data<Ordering>, reader: Reader) -> Result<HttpResponse, Problem> {
    let scheduled = ordering
        .scheduled_orders(reader.0.customers())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(List {
            scheduled_orders: scheduled.iter().map(ScheduledView::from).collect(),
        }))
}

/// The scheduled order as it stands, until it is placed.
#[utoipa::path(
    get,
    path = "/v1/scheduled-orders/{id}",
    operation_id = "getScheduledOrder",
    tag = "scheduled orders",
    summary = "Read a scheduled order",
    description = "Until it is placed; then it is an order under the same id.",
    params(("id" = domain::OrderId, Path)),
    responses((status = 200, description = "The scheduled order.", body = ScheduledView, headers(("ETag")))),
    security(("bearer" = []))
)]
pub(crate) async fn read(
    ordering: web::Data<Ordering>,
    reader: Reader,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = super::id(&id)?;
    let owner = super::owner(&ordering, &reader, id).await?;
    let scheduled = ordering
        .scheduled_order(owner, id)
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(super::answer(HttpResponse::Ok(), &scheduled))
}
