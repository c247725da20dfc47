//! `GET /v1/orders/{id}`

use actix_web::http::header::{self, ETag};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::Version;
use ordering::Ordering;

use super::view::OrderView;
use crate::auth::Reader;
use crate::conditional::Known;
use crate::problem::{Kind, Problem};

/// The order as it stands. The version in `If-None-Match` is a floor: an older one is never answered.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    operation_id = "getOrder",
    tag = "orders",
    summary = "Read an order",
    description = "Someone else's order is answered like one that does not exist.",
    params(("id" = domain::OrderId, Path), ("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The order.", body = OrderView, headers(("ETag"))),
        (status = 304, description = "The order is as the client has it.", headers(("ETag"))),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn read(
    ordering: web::Data<Ordering>,
    reader: Reader,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = super::order_id(&id)?;
    let known = Known::of(&request);
    let floor = known.tags().filter_map(super::version_of).max();
    let order = ordering
        .look_up(reader.0, id, floor.unwrap_or(Version(0)))
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    let tag = super::tag(&order);
    let unchanged = known.has(&tag);
    let mut response = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(ETag(tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::VARY, "authorization"));
    Ok(if unchanged {
        response.finish()
    } else {
        response.json(OrderView::from(&order))
    })
}
