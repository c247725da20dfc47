//! `POST /v1/sign-up`

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::{FieldError, Text};
use identity::accounts::{NewAccount, SignUpError};
use identity::{Accounts, Email, GuestTokens, Password};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::view::SignedInView;
use super::{Origin, at, guest, too_many_attempts};
use crate::body::JsonBody;
use crate::installations::language_tag;
use crate::problem::{Kind, Problem};

/// What someone says of himself who signs up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    email: String,
    password: SecretString,
    #[serde(default)]
    name: String,
    #[serde(default = "english")]
    locale: String,
    guest_token: Option<String>,
}

fn english() -> String {
    "en".into()
}

/// Makes an account and signs its owner in.
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
        let guest = guest(tokens, self.guest_token.as_deref());
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
