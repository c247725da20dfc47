//! `GET /v1/orders/{id}`

use actix_web::http::header::{self, ETag, Header as _, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use domain::Version;
use ordering::Ordering;

use super::view::OrderView;
use crate::auth::Caller;
use crate::problem::{Kind, Problem};

/// The order as it stands. The version in `If-None-Match` is a floor: an older one is never answered.
pub(crate) async fn read(
    ordering: web::Data<Ordering>,
    caller: Caller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = super::order_id(&id)?;
    let known = known_version(&request);
    let order = ordering
        .look_up(caller.access(), id, known.unwrap_or(Version(0)))
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    let mut response = match known {
        Some(version) if version == order.version => HttpResponse::NotModified(),
        _ => HttpResponse::Ok(),
    };
    response
        .insert_header(ETag(super::tag(order.version)))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::VARY, "authorization"));
    Ok(match known {
        Some(version) if version == order.version => response.finish(),
        _ => response.json(OrderView::from(&order)),
    })
}

/// The highest version that the client says it has.
fn known_version(request: &HttpRequest) -> Option<Version> {
    match IfNoneMatch::parse(request).ok()? {
        IfNoneMatch::Items(tags) => tags.iter().filter_map(|tag| tag.tag().parse().ok()).max(),
        IfNoneMatch::Any => None,
    }
}
