//! `PATCH /v1/me`

use actix_web::{HttpResponse, web};
use domain::{FieldError, Text};
use identity::accounts::Change;
use identity::{Accounts, Email};
use secrecy::SecretString;
use serde::Deserialize;

use crate::accounts::{Origin, at};
use crate::auth::SignedIn;
use crate::body::JsonBody;
use crate::installations::language_tag;
use crate::problem::Problem;

/// What is to be changed; what is not named stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    email: Option<String>,
    password: Option<SecretString>,
    name: Option<String>,
    locale: Option<String>,
}

/// Changes the caller's account. Another e-mail address needs the password: it is what one signs in with.
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
