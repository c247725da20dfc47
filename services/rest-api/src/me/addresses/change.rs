//! `PUT /v1/me/addresses/{id}` and `DELETE /v1/me/addresses/{id}`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::SavedAddressDraft;
use storage::Storage;

use super::view::AddressView;
use crate::auth::SignedIn;
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// Puts something else into an entry; the same request again changes nothing.
#[utoipa::path(
    put,
    path = "/v1/me/addresses/{id}",
    operation_id = "changeAddress",
    tag = "me",
    summary = "Change an entry of the address book",
    description = "The same request again changes nothing.",
    params(("id" = domain::AddressId, Path)),
    request_body = SavedAddressDraft,
    responses((status = 200, description = "The entry as it is now.", body = AddressView)),
    security(("bearer" = []))
)]
pub(crate) async fn put(
    storage: web::Data<Storage>,
    caller: SignedIn,
    id: web::Path<String>,
    draft: JsonBody<SavedAddressDraft>,
) -> Result<HttpResponse, Problem> {
    let id = super::id(&id)?;
    let entry = draft.0.parse().map_err(Problem::invalid)?;
    let put = storage
        .put_address(caller.0.account, id, &entry, chassis::clock::now())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    if !put {
        return Err(Problem::new(Kind::NotFound));
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(AddressView { id, entry: &entry }))
}

/// Takes an entry out of the book.
#[utoipa::path(
    delete,
    path = "/v1/me/addresses/{id}",
    operation_id = "removeAddress",
    tag = "me",
    summary = "Take an entry out of the address book",
    description = "Orders that went there keep their address.",
    params(("id" = domain::AddressId, Path)),
    responses((status = 204, description = "It is taken out.")),
    security(("bearer" = []))
)]
pub(crate) async fn remove(
    storage: web::Data<Storage>,
    caller: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let removed = storage
        .remove_address(caller.0.account, super::id(&id)?)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    if !removed {
        return Err(Problem::new(Kind::NotFound));
    }
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
