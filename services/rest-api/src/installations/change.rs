//! `PATCH /v1/installations/{installation_id}`

use actix_web::{HttpRequest, HttpResponse, web};
use domain::InstallationId;
use storage::Storage;
use storage::installations::Replaced;

use super::View;
use super::patch::{Operation, Patch};
use crate::auth::Reader;
use crate::body::ListBody;
use crate::conditional::Expected;
use crate::problem::{Kind, Problem};

/// How often a patch is tried that others' changes come between.
const ATTEMPTS: usize = 20;

/// Changes one of the caller's devices, as a whole or not at all.
#[utoipa::path(
    patch,
    path = "/v1/installations/{installation_id}",
    operation_id = "changeInstallation",
    tag = "installations",
    summary = "Change an own device",
    description = "A JSON patch (RFC 6902) of the device as it is read: all of it is done or nothing. A `test` that does not hold is answered 412. `errors` point into the patch, or into the device where what comes of the patch is not valid.",
    params(("installation_id" = InstallationId, Path), ("If-Match" = String, Header)),
    request_body(content = Vec<Operation>, content_type = "application/json-patch+json"),
    responses((status = 200, description = "The device as it is now.", body = View, headers(("ETag")))),
    security(("bearer" = []))
)]
pub(crate) async fn change(
    storage: web::Data<Storage>,
    reader: Reader,
    id: web::Path<String>,
    request: HttpRequest,
    operations: ListBody<Operation>,
) -> Result<HttpResponse, Problem> {
    let id = super::id(&id)?;
    let seen = Expected::of(&request, |tag| Some(tag.to_owned()))?.0;
    let patch = Patch::of(operations.0).map_err(Problem::invalid)?;
    for _ in 0..ATTEMPTS {
        let before = super::own::one(&storage, &reader, id).await?;
        if seen
            .as_ref()
            .is_some_and(|seen| *seen != View::from(before.clone()).tag())
        {
            return Err(Problem::new(Kind::PreconditionFailed));
        }
        let after = patch.apply(&before, chassis::clock::now())?;
        let replaced = storage.replace_installation(&before, &after).await;
        match replaced.map_err(|error| Problem::unavailable(&error))? {
            Replaced::Done => return Ok(super::answer(&mut HttpResponse::Ok(), "no-store", after)),
            Replaced::Erased => return Err(crate::auth::refused()),
            // Someone else was first: the patch is about what is there now.
            Replaced::Changed => {}
        }
    }
    Err(Problem::unavailable(&"the device changes too often"))
}
