//! `GET /v1/orders`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::OrderState;
use ordering::Ordering;
use serde::{Deserialize, Serialize};
use storage::OrderSummary;

use crate::auth::Reader;
use crate::catalog::page_size;
use crate::problem::Problem;

/// What can be asked of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    state: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

#[derive(Serialize)]
struct Page {
    orders: Vec<OrderSummary>,
    next: Option<String>,
}

/// The caller's orders, newest first.
pub(crate) async fn list(
    ordering: web::Data<Ordering>,
    reader: Reader,
    query: web::Query<Query>,
) -> Result<HttpResponse, Problem> {
    let limit = page_size(query.limit.as_deref())?;
    let state: Option<OrderState> = match query.state.as_deref().map(str::parse) {
        None => None,
        Some(Ok(state)) => Some(state),
        Some(Err(error)) => return Err(Problem::invalid_field("/state", error.to_string())),
    };
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => Some(
            ordering::read_cursor(text)
                .ok_or_else(|| Problem::invalid_field("/cursor", "must be a `next` of an earlier page"))?,
        ),
    };
    let page = ordering
        .list(reader.0, state, after, limit)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(Page {
            orders: page.orders,
            next: page.next.map(ordering::cursor),
        }))
}
