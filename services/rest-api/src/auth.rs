//! Who asks: a guest or an account, by a token.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use domain::{Access, Customer, GuestId};
use identity::accounts::AuthenticationError;
use identity::{Accounts, GuestTokens, Identified};

use crate::problem::{Kind, Problem};

/// Who orders: the customer whose token the request carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) Customer);

/// Who reads: an account sees its own orders and those of the guests that its owner was.
#[derive(Debug)]
pub(crate) struct Reader(pub(crate) Access);

/// Who is signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedIn(pub(crate) Identified);

/// What a request's token says, kept with the request once it is known.
#[derive(Debug, Clone, Copy)]
enum Shown {
    Guest(GuestId),
    Account(Identified),
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Ok(Self(match shown(&request).await? {
                Shown::Guest(guest) => Customer::Guest(guest),
                Shown::Account(identified) => Customer::Account(identified.account),
            }))
        })
    }
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            Ok(Self(match shown(&request).await? {
                Shown::Guest(guest) => Access::Customer(Customer::Guest(guest)),
                Shown::Account(identified) => accounts(&request)?
                    .access(&identified)
                    .await
                    .map_err(|error| Problem::unavailable(&error))?,
            }))
        })
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            match shown(&request).await? {
                Shown::Guest(_) => Err(Problem::new(Kind::AccountNeeded)),
                Shown::Account(identified) => Ok(Self(identified)),
            }
        })
    }
}

async fn shown(request: &HttpRequest) -> Result<Shown, Problem> {
    if let Some(known) = request.extensions().get::<Shown>() {
        return Ok(*known);
    }
    let shown = read(request).await?;
    request.extensions_mut().insert(shown);
    Ok(shown)
}

async fn read(request: &HttpRequest) -> Result<Shown, Problem> {
    let header = request
        .headers()
        .get(header::AUTHORIZATION)
        .ok_or_else(|| Problem::new(Kind::Unauthorized))?;
    let token = token(header).ok_or_else(refused)?;
    let guests = request.app_data::<web::Data<GuestTokens>>();
    if let Some(guest) = guests.and_then(|guests| guests.read(token).ok()) {
        return Ok(Shown::Guest(guest));
    }
    let identified = accounts(request)?
        .authenticate(token, chassis::clock::now())
        .await;
    identified.map(Shown::Account).map_err(|error| match error {
        AuthenticationError::NotGenuine(_) => refused(),
        AuthenticationError::Unavailable(cause) => Problem::unavailable(&cause),
    })
}

fn accounts(request: &HttpRequest) -> Result<&Accounts, Problem> {
    let accounts = request.app_data::<web::Data<Accounts>>();
    accounts.map(web::Data::get_ref).ok_or_else(refused)
}

fn token(header: &header::HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// RFC 6750, section 3.1.
fn refused() -> Problem {
    Problem::new(Kind::Unauthorized)
        .detail("The token sent is none of ours, or no longer good.")
        .header(
            header::WWW_AUTHENTICATE,
            "Bearer realm=\"waybill\", error=\"invalid_token\"",
        )
}
