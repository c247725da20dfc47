//! Devices that want to be told: register, list, read, forget.

mod channel;
mod keys;
mod own;
mod subscription;

pub(crate) use keys::{PushKeys, keys};
pub(crate) use own::{list, read, remove};
pub(crate) use subscription::is_public_key;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::{FieldError, InstallationId, Invalid};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use storage::installations::Registered;
use storage::{Installation, Platform, Storage};
use utoipa::{OpenApi, ToSchema};

use crate::auth::Caller;
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(put, own::list, own::read, own::remove, keys::keys))]
pub(crate) struct Operations;

/// What a device says of itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    app: String,
    platform: Platform,
    #[serde(default = "production")]
    environment: String,
    channel: serde_json::Value,
    #[serde(default = "english")]
    locale: String,
}

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
    updated_at: Timestamp,
}

impl From<Installation> for View {
    fn from(installation: Installation) -> Self {
        Self {
            id: installation.id,
            app: installation.app,
            platform: installation.platform,
            environment: installation.environment,
            channel: channel::shown(&installation.channel),
            locale: installation.locale,
            updated_at: installation.updated_at,
        }
    }
}

fn production() -> String {
    "production".into()
}

fn english() -> String {
    "en".into()
}

/// Registers the device for the caller; the same request again changes nothing.
#[utoipa::path(
    put,
    path = "/v1/installations/{installation_id}",
    operation_id = "putInstallation",
    tag = "installations",
    summary = "Register a device for push",
    description = "The same request again changes nothing. Whoever registers a device last is told on it.",
    params(("installation_id" = InstallationId, Path)),
    request_body(content = ref("#/components/schemas/InstallationDraft"), content_type = "application/json"),
    responses(
        (status = 200, description = "The device was known; this is what is known of it now.", body = View),
        (status = 201, description = "The device is new.", body = View),
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
    let installation = draft.0.parse(id, caller).map_err(Problem::invalid)?;
    let registered = storage
        .put_installation(&installation)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let mut response = match registered {
        Registered::Created => HttpResponse::Created(),
        Registered::Updated => HttpResponse::Ok(),
        Registered::Erased => return Err(crate::auth::refused()),
    };
    Ok(response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(View::from(installation)))
}

/// The device that an address names. A malformed id is one that does not exist.
fn id(text: &str) -> Result<InstallationId, Problem> {
    text.parse().map_err(|_| Problem::new(Kind::NotFound))
}

impl Draft {
    fn parse(self, id: InstallationId, caller: Caller) -> Result<Installation, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut check = |holds: bool, pointer: &str, detail: &str| {
            if !holds {
                errors.push(FieldError {
                    pointer: pointer.into(),
                    detail: detail.into(),
                });
            }
        };
        check(
            is_app(&self.app),
            "/app",
            "must be 1 to 60 letters, digits, dots, hyphens and underscores",
        );
        check(
            ["production", "development"].contains(&self.environment.as_str()),
            "/environment",
            "must be production or development",
        );
        check(
            is_language_tag(&self.locale),
            "/locale",
            "must be a language tag such as en or de-AT",
        );
        match channel::parse(self.platform, self.channel) {
            Ok(channel) if errors.is_empty() => Ok(Installation {
                id,
                app: self.app,
                customer: caller.0,
                platform: self.platform,
                environment: self.environment,
                channel,
                locale: self.locale,
                tags: Vec::new(),
                expires_at: None,
                updated_at: to_the_microsecond(chassis::clock::now()),
            }),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error);
                Err(errors)
            }
        }
    }
}

/// As it is kept: what is answered now is what is read later.
pub(crate) fn to_the_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

fn is_app(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    (1..=60).contains(&text.len()) && text.bytes().all(allowed)
}

/// A tag that has the shape of one.
pub(crate) fn language_tag(text: String) -> Result<String, Invalid> {
    let tag = Some(text).filter(|text| is_language_tag(text));
    tag.ok_or_else(|| Invalid::new("must be a language tag such as en or de-AT"))
}

/// The shape of a BCP 47 tag: a language of letters, then subtags, all of 1 to 8 characters.
fn is_language_tag(text: &str) -> bool {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let language = text.split('-').next().unwrap_or_default();
    text.len() <= 35
        && text.split('-').all(subtag)
        && language.len() >= 2
        && language.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_has_the_shape_of_a_language_tag() {
        for good in ["en", "de-AT", "zh-Hant-TW", "es-419", "sl-rozaj-biske-1994"] {
            assert!(is_language_tag(good), "{good}");
        }
        for bad in [
            "",
            "-",
            "e",
            "en-",
            "-en",
            "en--US",
            "12",
            "en_US",
            "en-ninechars",
            "ü",
        ] {
            assert!(!is_language_tag(bad), "{bad}");
        }
    }
}
