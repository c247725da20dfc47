//! `POST /v1/me/guests`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::{Accounts, GuestTokens};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::guest;
use crate::auth::SignedIn;
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// The guest that the account's owner was.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = GuestDraft)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The token of the guest that one was until now.
    guest_token: String,
}

/// Adds a guest's scope to the caller's account, as `guest_token` does at a sign-in; the same request again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/me/guests",
    operation_id = "addGuest",
    tag = "me",
    summary = "Take along what was ordered as a guest",
    description = "That guest's orders and devices are the account's from then on, as with `guest_token` at a sign-in. For whoever signs in with an outside provider, or was signed in already. The same request again changes nothing.",
    request_body = Draft,
    responses((status = 204, description = "The guest's orders are the account's.")),
    security(("bearer" = []))
)]
pub(crate) async fn add_guest(
    accounts: web::Data<Accounts>,
    tokens: web::Data<GuestTokens>,
    caller: SignedIn,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let guest = guest(&tokens, &draft.0.guest_token).map_err(|error| Problem::invalid(vec![error]))?;
    let added = accounts
        .add_guest(&caller.0, guest, chassis::clock::now())
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    if !added {
        return Err(Problem::new(Kind::GuestNotAdded));
    }
    Ok(HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}
