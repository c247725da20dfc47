//! `POST /v1/sign-in`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use identity::accounts::{Credentials, SignInError};
use identity::{Accounts, GuestTokens};
use secrecy::SecretString;
use serde::Deserialize;

use super::view::SignedInView;
use super::{Origin, guest, too_many_attempts};
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// What someone shows to sign in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    email: String,
    password: SecretString,
    guest_token: Option<String>,
}

/// Signs someone in; for an unknown address the answer is that for a wrong password, and takes as long.
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
    let guest = guest(&tokens, guest_token.as_deref()).map_err(|error| Problem::invalid(vec![error]))?;
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
