//! `DELETE /v1/me`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use identity::Accounts;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::Origin;
use crate::auth::{self, SignedIn};
use crate::body::JsonBody;
use crate::idempotency::Key;
use crate::problem::Problem;

/// What erasing an account takes.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AccountErasure)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The present password, where the account has one.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    password: Option<SecretString>,
}

/// Erases the account. The token dies of it, so a retry is known by its key.
#[utoipa::path(
    delete,
    path = "/v1/me",
    operation_id = "eraseAccount",
    tag = "me",
    summary = "Erase the own account",
    description = "For good. Profile, password, address book, devices and sessions are gone with the answer, scheduled orders are taken back, and the e-mail address is free again. Orders that are at their end lose contact, address, note and tracking code within seconds, each in a version of its own; one that is under way keeps what its delivery needs and loses it with its last transition. Orders that come in later are rejected with the reason `erased` and keep nothing personal. An account that has a password needs it once more.",
    params(("Idempotency-Key" = String, Header)),
    request_body = Draft,
    responses((status = 204, description = "The account is erased.", headers(("Idempotent-Replayed")))),
    security(("bearer" = []))
)]
pub(crate) async fn erase(
    accounts: web::Data<Accounts>,
    caller: Result<SignedIn, Problem>,
    origin: Origin,
    key: Result<Key, Problem>,
    draft: Result<JsonBody<Draft>, Problem>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let now = chassis::clock::now();
    let mut response = HttpResponse::NoContent();
    match caller {
        Ok(caller) => {
            let (key, draft) = (key?, draft?);
            let erased = accounts.erase(&caller.0, draft.0.password, &key.0, &origin.0, now);
            Box::pin(erased)
                .await
                .map_err(|error| super::refused(&error, "/password"))?;
        }
        Err(problem) => {
            // Who is not known is told so before anything else.
            let (Some(token), Ok(key)) = (auth::bearer(&request), key) else {
                return Err(problem);
            };
            let erased = accounts.was_erased(token, &key.0, now).await;
            if !erased.map_err(|error| Problem::unavailable(&error))? {
                return Err(problem);
            }
            response.insert_header(("idempotent-replayed", "true"));
        }
    }
    Ok(response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
