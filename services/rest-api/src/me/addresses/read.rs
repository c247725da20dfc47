//! `GET /v1/me/addresses` and `GET /v1/me/addresses/{id}`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use storage::Storage;

use super::view::AddressView;
use crate::auth::SignedIn;
use crate::problem::{Kind, Problem};

#[derive(Serialize)]
struct List<'a> {
    addresses: Vec<AddressView<'a>>,
}

/// The caller's entries, in the order in which they were added. They are so few that there are no pages.
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
