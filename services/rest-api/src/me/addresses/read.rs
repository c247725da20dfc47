//! `GET /v1/me/addresses` and `GET /v1/me/addresses/{id}`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use storage::Storage;
use utoipa::ToSchema;

use super::view::AddressView;
use crate::auth::SignedIn;
use crate::problem::{Kind, Problem};

/// An address book.
#[derive(Serialize, ToSchema)]
#[schema(as = AddressBook)]
pub(crate) struct List<'a> {
    addresses: Vec<AddressView<'a>>,
}

/// The caller's entries, in the order in which they were added. They are so few that there are no pages.
#[utoipa::path(
    get,
    path = "/v1/me/addresses",
    operation_id = "listAddresses",
    tag = "me",
    summary = "Read the address book",
    description = "They are so few that there are no pages.",
    responses((status = 200, description = "The entries, in the order in which they were added.", body = List)),
    security(("bearer" = []))
)]
pub(crate) async fn list(storage: web::Data<Storage>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let addresses = storage
        .addresses(caller.0.account)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(List {
            addresses: addresses.iter().map(AddressView::from).collect(),
        }))
}

/// One of the caller's entries.
#[utoipa::path(
    get,
    path = "/v1/me/addresses/{id}",
    operation_id = "getAddress",
    tag = "me",
    summary = "Read an entry of the address book",
    description = "Its `shipping_address` is that of an order.",
    params(("id" = domain::AddressId, Path)),
    responses((status = 200, description = "The entry.", body = AddressView)),
    security(("bearer" = []))
)]
pub(crate) async fn read(
    storage: web::Data<Storage>,
    caller: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let address = storage
        .address(caller.0.account, super::id(&id)?)
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(AddressView::from(&address)))
}
