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
        std::future::ready(read(request).ok_or_else(|| Problem::new(Kind::Unauthorized)))
    }
}

fn read(request: &HttpRequest) -> Option<Caller> {
    let header = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let tokens = request.app_data::<web::Data<GuestTokens>>()?;
    tokens
        .read(token.trim())
        .ok()
        .map(|guest| Caller(Customer::Guest(guest)))
}
