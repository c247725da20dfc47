//! `POST /v1/me/addresses`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::{AddressId, SavedAddressDraft};
use storage::Storage;
use storage::accounts::Saved;

use super::view::AddressView;
use crate::auth::SignedIn;
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::problem::{Kind, Problem};

/// Adds an entry to the caller's address book; a retry under the same key finds it there.
#[utoipa::path(
    post,
    path = "/v1/me/addresses",
    operation_id = "addAddress",
    tag = "me",
    summary = "Add to the address book",
    description = "At most 20 entries.",
    params(("Idempotency-Key" = String, Header)),
    request_body = SavedAddressDraft,
    responses((status = 201, description = "The entry.", body = AddressView, headers(("Location"), ("Idempotent-Replayed")))),
    security(("bearer" = []))
)]
pub(crate) async fn add(
    storage: web::Data<Storage>,
    caller: SignedIn,
    key: Key,
    draft: JsonBody<SavedAddressDraft>,
) -> Result<HttpResponse, Problem> {
    let entry = draft.0.parse().map_err(Problem::invalid)?;
    let id = AddressId::derive(caller.0.account, &key.0);
    let saved = storage
        .add_address(caller.0.account, id, &entry, chassis::clock::now())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let mut response = HttpResponse::Created();
    match saved {
        Saved::Added => {}
        Saved::Same => {
            response.insert_header(("idempotent-replayed", "true"));
        }
        Saved::Other => return Err(Problem::new(Kind::IdempotencyKeyReused)),
        Saved::Full => return Err(Problem::new(Kind::TooManyAddresses)),
    }
    Ok(response
        .insert_header((header::LOCATION, format!("/v1/me/addresses/{id}")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(AddressView { id, entry: &entry }))
}
