//! `POST /v1/token`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::Accounts;
use identity::accounts::RefreshError;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::TokensView;
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// The token that was given last.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RefreshDraft)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    #[schema(value_type = String, write_only)]
    refresh_token: SecretString,
}

/// Takes a refresh token for a new pair of tokens. A client whose answer was lost asks again within 10 s.
#[utoipa::path(
    post,
    path = "/v1/token",
    operation_id = "refreshTokens",
    tag = "sessions",
    summary = "Get new tokens",
    description = "Takes a refresh token, which is good once, for the next pair. A client whose answer was lost may ask the same once more within 10 seconds; later use ends the session.",
    request_body = Draft,
    responses((status = 200, description = "The next pair of tokens.", body = TokensView))
)]
pub(crate) async fn refresh(
    accounts: web::Data<Accounts>,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let token = draft.0.refresh_token;
    let tokens = accounts
        .refresh(token.expose_secret(), chassis::clock::now())
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(TokensView::from(&tokens)))
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused => Self::new(Kind::InvalidRefreshToken),
            RefreshError::Unavailable(cause) => Self::unavailable(&cause),
        }
    }
}
