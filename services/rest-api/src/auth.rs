//! Who asks: a guest by his token.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use domain::{Access, Customer};
use identity::GuestTokens;

use crate::problem::{Kind, Problem};

/// The customer whose token the request carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) Customer);

impl Caller {
    pub(crate) fn access(self) -> Access {
        Access::Customer(self.0)
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(read(request))
    }
}

fn read(request: &HttpRequest) -> Result<Caller, Problem> {
    let header = request
        .headers()
        .get(header::AUTHORIZATION)
        .ok_or_else(|| Problem::new(Kind::Unauthorized))?;
    let guest = token(header).zip(request.app_data::<web::Data<GuestTokens>>());
    guest
        .and_then(|(token, tokens)| tokens.read(token).ok())
        .map(|guest| Caller(Customer::Guest(guest)))
        .ok_or_else(refused)
}

fn token(header: &header::HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// RFC 6750, section 3.1.
fn refused() -> Problem {
    Problem::new(Kind::Unauthorized)
        .detail("The token sent is none of ours.")
        .header(
            header::WWW_AUTHENTICATE,
            "Bearer realm=\"waybill\", error=\"invalid_token\"",
        )
}
