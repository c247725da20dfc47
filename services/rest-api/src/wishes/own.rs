//! `GET /v1/wishes`, and `GET` and `DELETE /v1/wishes/{id}`: one's own wishes.
#![expect(
    unused_qualifications,
    reason = "in what utoipa makes of a handler's parameters"
)]

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::Cursors;
use serde::{Deserialize, Serialize};
use storage::Storage;
use utoipa::{IntoParams, ToSchema};

use super::view::View;
use crate::auth::Reader;
use crate::catalog::page_size;
use crate::cursor;
use crate::problem::{Kind, Problem};

/// What its cursors are sealed for.
const LIST: &str = "wishes";

/// What can be asked of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    cursor: Option<String>,
    limit: Option<String>,
}

/// A page of wishes.
#[derive(Serialize, ToSchema)]
#[schema(as = WishPage)]
pub(crate) struct Page {
    wishes: Vec<View>,
    /// The next page's `cursor`; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// The caller's wishes, the newest first: an account's with those of the guests that its owner was.
#[utoipa::path(
    get,
    path = "/v1/wishes",
    operation_id = "listWishes",
    tag = "wishes",
    summary = "List own wishes",
    description = "The newest first, with those of the guests that belong to the account.",
    params(Query),
    responses((status = 200, description = "A page of wishes.", body = Page)),
    security(("bearer" = []))
)]
pub(crate) async fn list(
    storage: web::Data<Storage>,
    cursors: web::Data<Cursors>,
    reader: Reader,
    query: web::Query<Query>,
) -> Result<HttpResponse, Problem> {
    let limit = page_size(query.limit.as_deref())?;
    let list = cursor::list(LIST, &());
    let after = cursor::read(&cursors, &list, query.cursor.as_deref(), |place| {
        place.parse().ok()
    })?;
    let page = storage
        .wishes(reader.0.customers(), after, limit)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(Page {
            wishes: page.wishes.into_iter().map(View::from).collect(),
            next: page.next.map(|place| cursors.seal(&list, &place.to_string())),
        }))
}

/// One of the caller's wishes.
#[utoipa::path(
    get,
    path = "/v1/wishes/{id}",
    operation_id = "getWish",
    tag = "wishes",
    summary = "Read an own wish",
    description = "As it was made.",
    params(("id" = domain::WishId, Path)),
    responses((status = 200, description = "The wish.", body = View)),
    security(("bearer" = []))
)]
pub(crate) async fn read(
    storage: web::Data<Storage>,
    reader: Reader,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let wish = storage
        .wish(reader.0.customers(), super::id(&id)?)
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(View::from(wish)))
}

/// Takes one of the caller's wishes back.
#[utoipa::path(
    delete,
    path = "/v1/wishes/{id}",
    operation_id = "removeWish",
    tag = "wishes",
    summary = "Take back an own wish",
    description = "No later event is told for it.",
    params(("id" = domain::WishId, Path)),
    responses((status = 204, description = "It is taken back.")),
    security(("bearer" = []))
)]
pub(crate) async fn remove(
    storage: web::Data<Storage>,
    reader: Reader,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let removed = storage
        .remove_wish(reader.0.customers(), super::id(&id)?)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    if !removed {
        return Err(Problem::new(Kind::NotFound));
    }
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
