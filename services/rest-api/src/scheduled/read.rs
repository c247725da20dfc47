//! `GET /v1/scheduled-orders` and `GET /v1/scheduled-orders/{id}`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use ordering::Ordering;
use serde::Serialize;

use super::view::ScheduledView;
use crate::auth::Reader;
use crate::problem::{Kind, Problem};

#[derive(Serialize)]
struct List<'a> {
    scheduled_orders: Vec<ScheduledView<'a>>,
}

/// The caller's scheduled orders, the next one first. They are so few that there are no pages.
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
