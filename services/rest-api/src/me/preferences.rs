//! `GET /v1/me/preferences` and `PUT /v1/me/preferences`: what the caller wants to be told, by which way. For guests, too.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::FieldError;
use registration::language_tag;
use serde::{Deserialize, Serialize};
use storage::{Preferences, Storage, Ways};
use utoipa::{OpenApi, ToSchema};

use crate::accounts::at;
use crate::auth::Caller;
use crate::body::JsonBody;

use crate::problem::Problem;

/// What the contract says of it.
#[derive(OpenApi)]
#[openapi(paths(read, put))]
pub(crate) struct Operations;

/// The ways by which one is told of something.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = WaysToTell)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaysView {
    /// On devices and in browsers.
    push: bool,
    /// By e-mail.
    email: bool,
}

/// What someone wants to be told, by which way.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Preferences)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    /// How one's own orders go on.
    orders: WaysView,
    /// What one asked to be told of, such as a product that can be had again.
    wishes: WaysView,
    /// What the shop wants to tell. By e-mail only where it is asked for.
    news: WaysView,
    /// A language tag (BCP 47) for all that is told. That of the account or the device where it is not sent.
    #[schema(
        max_length = 35,
        pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        examples("de-AT")
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
}

/// What the caller has chosen, or what counts as long as nothing was.
#[utoipa::path(
    get,
    path = "/v1/me/preferences",
    operation_id = "getPreferences",
    tag = "me",
    summary = "Read what one wants to be told",
    description = "What counts as long as nothing was chosen: everything, but news by e-mail. For guests, too.",
    responses((status = 200, description = "By which way one is told of what.", body = View)),
    security(("bearer" = []))
)]
pub(crate) async fn read(storage: web::Data<Storage>, caller: Caller) -> Result<HttpResponse, Problem> {
    let preferences = storage
        .preferences(caller.0)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(answer(preferences))
}

/// Puts what the caller wants; it counts for whatever happens from then on.
#[utoipa::path(
    put,
    path = "/v1/me/preferences",
    operation_id = "putPreferences",
    tag = "me",
    summary = "Choose what one wants to be told",
    description = "It counts for whatever happens from then on. The same request again changes nothing. For guests, too: where a guest's scope belongs to an account, the account's choice counts.",
    request_body = View,
    responses((status = 200, description = "As it was chosen.", body = View)),
    security(("bearer" = []))
)]
pub(crate) async fn put(
    storage: web::Data<Storage>,
    caller: Caller,
    draft: JsonBody<View>,
) -> Result<HttpResponse, Problem> {
    let preferences = draft.0.parse().map_err(|error| Problem::invalid(vec![error]))?;
    let kept = storage
        .put_preferences(caller.0, &preferences, chassis::clock::now())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    if !kept {
        return Err(crate::auth::refused());
    }
    Ok(answer(preferences))
}

fn answer(preferences: Preferences) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .json(View::from(preferences))
}

impl View {
    fn parse(self) -> Result<Preferences, FieldError> {
        let locale = self.locale.map(language_tag).transpose().map_err(at("/locale"))?;
        Ok(Preferences {
            orders: self.orders.into(),
            wishes: self.wishes.into(),
            news: self.news.into(),
            locale,
        })
    }
}

impl From<Preferences> for View {
    fn from(preferences: Preferences) -> Self {
        Self {
            orders: preferences.orders.into(),
            wishes: preferences.wishes.into(),
            news: preferences.news.into(),
            locale: preferences.locale,
        }
    }
}

impl From<WaysView> for Ways {
    fn from(WaysView { push, email }: WaysView) -> Self {
        Self { push, email }
    }
}

impl From<Ways> for WaysView {
    fn from(Ways { push, email }: Ways) -> Self {
        Self { push, email }
    }
}
