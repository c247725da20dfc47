//! `GET /v1/me`

use actix_web::{HttpResponse, web};
use identity::Accounts;

use crate::accounts::AccountView;
use crate::auth::SignedIn;
use crate::problem::{Kind, Problem};

/// The caller's account.
#[utoipa::path(
    get,
    path = "/v1/me",
    operation_id = "getAccount",
    tag = "me",
    summary = "Read the own account",
    description = "With the role that the token gives.",
    responses((status = 200, description = "The account.", body = AccountView)),
    security(("bearer" = []))
)]
pub(crate) async fn read(accounts: web::Data<Accounts>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let account = accounts
        .account(&caller.0)
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::Unauthorized))?;
    Ok(super::answer(&account, &caller.0))
}
