//! `POST /v1/sign-in`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::accounts::{Credentials, SignInError};
use identity::{Accounts, GuestTokens};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::SignedInView;
use super::{Origin, guest, too_many_attempts};
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// What someone shows to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SignInDraft)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// The account's address.
    #[schema(examples("ada@example.org"))]
    email: String,
    /// The account's password.
    #[schema(value_type = String, format = Password, write_only)]
    password: SecretString,
    /// The token of the guest that one was until now.
    guest_token: Option<String>,
}

/// Signs someone in; for an unknown address the answer is that for a wrong password, and takes as long.
#[utoipa::path(
    post,
    path = "/v1/sign-in",
    operation_id = "signIn",
    tag = "accounts",
    summary = "Sign in",
    description = "Begins a session. For an unknown address the answer is that for a wrong password, and takes as long. With `guest_token` that guest's orders come along.",
    request_body = Draft,
    responses((status = 200, description = "The account and its tokens.", body = SignedInView))
)]
pub(crate) async fn sign_in(
    accounts: web::Data<Accounts>,
    tokens: web::Data<GuestTokens>,
    origin: Origin,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let Draft {
        email,
        password,
        guest_token,
    } = draft.0;
    let guest = guest_token.map(|token| guest(&tokens, &token)).transpose();
    let guest = guest.map_err(|error| Problem::invalid(vec![error]))?;
    let shown = Credentials {
        email,
        password,
        guest,
    };
    let signed_in = accounts.sign_in(shown, &origin.0, chassis::clock::now()).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(SignedInView::from(&signed_in)))
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::new(Kind::InvalidCredentials),
            SignInError::TooOften(wait) => too_many_attempts(wait.0),
            SignInError::Unavailable(cause) => Self::unavailable(&cause),
        }
    }
}
