//! Devices that want to be told: register, change, list, read, forget.

mod change;
mod keys;
mod own;
mod patch;

pub(crate) use change::change;
pub(crate) use keys::{PushKeys, keys};
pub(crate) use own::{list, read, remove};

use actix_web::http::header::{self, ETag, EntityTag};
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use domain::{Fingerprint, InstallationId};
use jiff::Timestamp;
use registration::Draft;
use serde::Serialize;
use storage::installations::Registered;
use storage::{Installation, Platform, Storage};
use utoipa::{OpenApi, ToSchema};

use crate::auth::Caller;
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(put, change::change, own::list, own::read, own::remove, keys::keys))]
pub(crate) struct Operations;

/// As many characters of a device's hash are its tag.
const TAG_LENGTH: usize = 32;

/// A device as it is known.
#[derive(Serialize, ToSchema)]
#[schema(as = Installation)]
pub(crate) struct View {
    id: InstallationId,
    app: String,
    #[schema(value_type = String)]
    platform: Platform,
    environment: String,
    /// As it was registered.
    #[schema(value_type = Object)]
    channel: serde_json::Value,
    locale: String,
    /// Its own tags, in their order.
    #[schema(max_items = 60)]
    tags: Vec<String>,
    /// From then on push no longer reaches it, unless it is registered again.
    expires_at: Option<Timestamp>,
    updated_at: Timestamp,
}

impl From<Installation> for View {
    fn from(installation: Installation) -> Self {
        Self {
            id: installation.id,
            app: installation.app,
            platform: installation.platform,
            environment: installation.environment,
            channel: registration::shown(&installation.channel),
            locale: installation.locale,
            tags: installation.tags,
            expires_at: installation.expires_at,
            updated_at: installation.updated_at,
        }
    }
}

/// Registers the device for the caller; the same request again changes nothing.
#[utoipa::path(
    put,
    path = "/v1/installations/{installation_id}",
    operation_id = "putInstallation",
    tag = "installations",
    summary = "Register a device for push",
    description = "The same request again changes nothing, but for a channel of WNS, which lives 30 days from then on. Whoever registers a device last is told on it.",
    params(("installation_id" = InstallationId, Path)),
    request_body(content = ref("#/components/schemas/InstallationDraft"), content_type = "application/json"),
    responses(
        (status = 200, description = "The device was known; this is what is known of it now.", body = View, headers(("ETag"))),
        (status = 201, description = "The device is new.", body = View, headers(("ETag"))),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn put(
    storage: web::Data<Storage>,
    caller: Caller,
    id: web::Path<String>,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let id = self::id(&id)?;
    let installation = draft.0.parse(id, caller.0, chassis::clock::now());
    let installation = installation.map_err(Problem::invalid)?;
    let registered = storage
        .put_installation(&installation)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let mut response = match registered {
        Registered::Created => HttpResponse::Created(),
        Registered::Updated => HttpResponse::Ok(),
        Registered::Erased => return Err(crate::auth::refused()),
    };
    Ok(answer(&mut response, "no-store", installation))
}

/// The device with its tag, which is another whenever something else would be answered.
fn answer(
    response: &mut HttpResponseBuilder,
    caching: &'static str,
    installation: Installation,
) -> HttpResponse {
    let view = View::from(installation);
    response
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header(ETag(EntityTag::new_strong(view.tag())))
        .json(view)
}

impl View {
    fn tag(&self) -> String {
        let mut tag = Fingerprint::of(self).as_str().to_owned();
        tag.truncate(TAG_LENGTH);
        tag
    }
}

/// The device that an address names. A malformed id is one that does not exist.
fn id(text: &str) -> Result<InstallationId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound))
}
