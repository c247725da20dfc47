//! `GET /v1/installations`, and `GET` and `DELETE /v1/installations/{installation_id}`: one's own devices.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::InstallationId;
use serde::Serialize;
use storage::{Installation, Storage};
use utoipa::ToSchema;

use super::View;
use crate::auth::Reader;
use crate::problem::{Kind, Problem};

/// One's own devices.
#[derive(Serialize, ToSchema)]
#[schema(as = InstallationList)]
pub(crate) struct List {
    installations: Vec<View>,
}

/// The caller's devices, in the order of their ids: an account's with those of the guests that its owner was, a guest's without those of any
/// account. They are so few that there are no pages.
#[utoipa::path(
    get,
    path = "/v1/installations",
    operation_id = "listInstallations",
    tag = "installations",
    summary = "List own devices",
    description = "Those that push still reaches, with those of the guests that belong to the account. They are so few that there are no pages.",
    responses((status = 200, description = "The devices.", body = List)),
    security(("bearer" = []))
)]
pub(crate) async fn list(storage: web::Data<Storage>, reader: Reader) -> Result<HttpResponse, Problem> {
    let installations = own(&storage, &reader).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(List {
            installations: installations.into_iter().map(View::from).collect(),
        }))
}

/// One of the caller's devices.
#[utoipa::path(
    get,
    path = "/v1/installations/{installation_id}",
    operation_id = "getInstallation",
    tag = "installations",
    summary = "Read an own device",
    description = "404 where push no longer reaches it: register it again.",
    params(("installation_id" = InstallationId, Path)),
    responses((status = 200, description = "The device.", body = View, headers(("ETag")))),
    security(("bearer" = []))
)]
pub(crate) async fn read(
    storage: web::Data<Storage>,
    reader: Reader,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let installation = one(&storage, &reader, super::id(&id)?).await?;
    Ok(super::answer(
        &mut HttpResponse::Ok(),
        "private, no-store",
        installation,
    ))
}

/// Forgets one of the caller's devices.
#[utoipa::path(
    delete,
    path = "/v1/installations/{installation_id}",
    operation_id = "removeInstallation",
    tag = "installations",
    summary = "Forget an own device",
    description = "Nothing is pushed to it any more, but what a push service has already.",
    params(("installation_id" = InstallationId, Path)),
    responses((status = 204, description = "It is forgotten.")),
    security(("bearer" = []))
)]
pub(crate) async fn remove(
    storage: web::Data<Storage>,
    reader: Reader,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = super::id(&id)?;
    let removed = storage
        .remove_installation(reader.0.customers(), id)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    if !removed {
        return Err(Problem::new(Kind::NotFound));
    }
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

/// The one that is called `id`.
pub(super) async fn one(
    storage: &Storage,
    reader: &Reader,
    id: InstallationId,
) -> Result<Installation, Problem> {
    let installations = own(storage, reader).await?;
    let one = installations
        .into_iter()
        .find(|installation| installation.id == id);
    one.ok_or_else(|| Problem::new(Kind::NotFound))
}

async fn own(storage: &Storage, reader: &Reader) -> Result<Vec<Installation>, Problem> {
    let installations = storage.installations_of(reader.0.customers()).await;
    installations.map_err(|error| Problem::unavailable(&error))
}
