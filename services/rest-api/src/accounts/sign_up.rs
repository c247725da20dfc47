//! `POST /v1/sign-up`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::{FieldError, Text};
use identity::accounts::{NewAccount, SignUpError};
use identity::{Accounts, Email, GuestTokens, Password};
use registration::language_tag;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::SignedInView;
use super::{Origin, at, guest, too_many_attempts};
use crate::body::JsonBody;
use crate::problem::{Kind, Problem};

/// What someone says of himself who signs up.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SignUpDraft)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// What one signs in with.
    #[schema(format = "email", max_length = 254, examples("ada@example.org"))]
    email: String,
    /// Of whatever characters.
    #[schema(value_type = String, format = Password, write_only, min_length = 10, max_length = 200)]
    password: SecretString,
    /// What its owner is called; empty is nothing.
    #[serde(default)]
    #[schema(
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$",
        examples("Ada Lovelace")
    )]
    name: String,
    /// A language tag (BCP 47).
    #[serde(default = "english")]
    #[schema(
        default = "en",
        max_length = 35,
        pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        examples("de-AT")
    )]
    locale: String,
    /// The token of the guest that one was until now.
    guest_token: Option<String>,
}

fn english() -> String {
    "en".into()
}

/// Makes an account and signs its owner in.
#[utoipa::path(
    post,
    path = "/v1/sign-up",
    operation_id = "signUp",
    tag = "accounts",
    summary = "Sign up",
    description = "Makes an account and signs its owner in. With `guest_token` that guest's orders come along. It takes no Idempotency-Key: after a lost answer it is `email-taken`, and one signs in.",
    request_body = Draft,
    responses((status = 201, description = "The account and its tokens.", body = SignedInView))
)]
pub(crate) async fn sign_up(
    accounts: web::Data<Accounts>,
    tokens: web::Data<GuestTokens>,
    origin: Origin,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let new = draft.0.parse(&tokens).map_err(Problem::invalid)?;
    let signed_in = accounts.sign_up(new, &origin.0, chassis::clock::now()).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(SignedInView::from(&signed_in)))
}

impl Draft {
    fn parse(self, tokens: &GuestTokens) -> Result<NewAccount, Vec<FieldError>> {
        let email: Result<Email, _> = self.email.parse().map_err(at("/email"));
        let password: Result<Password, _> = self.password.expose_secret().parse().map_err(at("/password"));
        let name: Result<Text<0, 200>, _> = self.name.parse().map_err(at("/name"));
        let locale = language_tag(self.locale).map_err(at("/locale"));
        let guest = self.guest_token.map(|token| guest(tokens, &token)).transpose();
        match (email, password, name, locale, guest) {
            (Ok(email), Ok(password), Ok(name), Ok(locale), Ok(guest)) => Ok(NewAccount {
                email,
                password,
                name: name.into(),
                locale,
                guest,
            }),
            (email, password, name, locale, guest) => {
                let wrong = [email.err(), password.err(), name.err(), locale.err(), guest.err()];
                Err(wrong.into_iter().flatten().collect())
            }
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::EmailTaken => Self::new(Kind::EmailTaken),
            SignUpError::TooOften(wait) => too_many_attempts(wait.0),
            SignUpError::Unavailable(cause) => Self::unavailable(&cause),
        }
    }
}
