//! `POST /v1/me/password`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::{Accounts, Password};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::{Origin, at};
use crate::auth::SignedIn;
use crate::body::JsonBody;
use crate::problem::Problem;

/// The present password and the one to come.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PasswordChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The present one.
    #[schema(value_type = String, format = Password, write_only)]
    old_password: SecretString,
    /// Of whatever characters.
    #[schema(value_type = String, format = Password, write_only, min_length = 10, max_length = 200)]
    new_password: SecretString,
}

/// Gives the account another password; every session but the one that asks has ended then.
#[utoipa::path(
    post,
    path = "/v1/me/password",
    operation_id = "changePassword",
    tag = "me",
    summary = "Change the password",
    description = "Every session but the one that asks has ended then.",
    request_body = Draft,
    responses((status = 204, description = "The password is changed.")),
    security(("bearer" = []))
)]
pub(crate) async fn change_password(
    accounts: web::Data<Accounts>,
    caller: SignedIn,
    origin: Origin,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let Draft {
        old_password,
        new_password,
    } = draft.0;
    let new: Result<Password, _> = new_password.expose_secret().parse();
    let new = new.map_err(|error| Problem::invalid(vec![at("/new_password")(error)]))?;
    let now = chassis::clock::now();
    accounts
        .change_password(&caller.0, old_password, new, &origin.0, now)
        .await
        .map_err(|error| super::refused(&error, "/old_password"))?;
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
