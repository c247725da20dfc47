//! `PATCH /v1/me`

use actix_web::{HttpResponse, web};
use domain::{FieldError, Text};
use identity::accounts::Change;
use identity::{Accounts, Email};
use registration::language_tag;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::{AccountView, Origin, at};
use crate::auth::SignedIn;
use crate::body::JsonBody;
use crate::problem::Problem;

/// What is to be changed; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AccountChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// What one will sign in with.
    #[schema(format = "email", max_length = 254, examples("ada@example.org"))]
    email: Option<String>,
    /// The present password, where `email` is named.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    password: Option<SecretString>,
    /// What its owner is called; empty is nothing.
    #[schema(
        max_length = 200,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$",
        examples("Ada Lovelace")
    )]
    name: Option<String>,
    /// A language tag (BCP 47).
    #[schema(
        max_length = 35,
        pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        examples("de-AT")
    )]
    locale: Option<String>,
}

/// Changes the caller's account. Another e-mail address needs the password: it is what one signs in with.
#[utoipa::path(
    patch,
    path = "/v1/me",
    operation_id = "changeAccount",
    tag = "me",
    summary = "Change the own account",
    description = "What is not named stays. Another e-mail address needs the password: it is what one signs in with.",
    request_body = Draft,
    responses((status = 200, description = "The account as it is now.", body = AccountView)),
    security(("bearer" = []))
)]
pub(crate) async fn change(
    accounts: web::Data<Accounts>,
    caller: SignedIn,
    origin: Origin,
    draft: JsonBody<Draft>,
) -> Result<HttpResponse, Problem> {
    let change = draft.0.parse().map_err(Problem::invalid)?;
    let now = chassis::clock::now();
    let changed = accounts.change(&caller.0, change, &origin.0, now).await;
    let account = changed.map_err(|error| super::refused(&error, "/password"))?;
    Ok(super::answer(&account, &caller.0))
}

impl Draft {
    fn parse(self) -> Result<Change, Vec<FieldError>> {
        let email: Result<Option<Email>, _> = self.email.map(|text| text.parse()).transpose();
        let name: Result<Option<Text<0, 200>>, _> = self.name.map(|text| text.parse()).transpose();
        let locale = self.locale.map(language_tag).transpose();
        let (email, name) = (email.map_err(at("/email")), name.map_err(at("/name")));
        match (email, name, locale.map_err(at("/locale"))) {
            (Ok(email), Ok(name), Ok(locale)) => Ok(Change {
                email,
                password: self.password,
                name: name.map(Into::into),
                locale,
            }),
            (email, name, locale) => {
                let wrong = [email.err(), name.err(), locale.err()];
                Err(wrong.into_iter().flatten().collect())
            }
        }
    }
}
