//! The visitor: a guest's scope, minted once and carried in a signed cookie.

use std::future::{Ready, ready};

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use domain::{Access, Customer, GuestId};

use crate::app::Shop;
use crate::pages::errors::Refusal;

/// The longest that browsers keep a cookie.
const KEPT: Duration = Duration::days(400);

/// Who looks at a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor {
    pub(crate) guest: GuestId,
    /// Whether the scope was minted for this very request: a cookie has yet to be set.
    is_new: bool,
}

impl Visitor {
    pub(crate) fn customer(self) -> Customer {
        Customer::Guest(self.guest)
    }

    pub(crate) fn access(self) -> Access {
        Access::Customer(self.customer())
    }

    /// Adds the cookie to `response` where the visitor has none yet.
    pub(crate) fn remember(self, shop: &Shop, mut response: HttpResponse) -> HttpResponse {
        if self.is_new {
            let cookie = cookie(shop, self.guest);
            // The name and the token are of characters that a cookie may have.
            if let Err(error) = response.add_cookie(&cookie) {
                tracing::error!(%error, "a visitor's cookie can't be set");
            }
        }
        response
    }
}

impl FromRequest for Visitor {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<web::Data<Shop>>() {
            Some(shop) => Ok(read(shop, request)),
            None => Err(Refusal::Unavailable),
        })
    }
}

fn read(shop: &Shop, request: &HttpRequest) -> Visitor {
    let shown = request.cookie(name(shop.site.is_secure()));
    match shown.and_then(|cookie| shop.guests.read(cookie.value()).ok()) {
        Some(guest) => Visitor { guest, is_new: false },
        None => Visitor {
            guest: GuestId(chassis::clock::random_id()),
            is_new: true,
        },
    }
}

/// With the prefix, browsers take it only over https, from this very host, for all of it (RFC 6265bis, 4.1.3.2).
fn name(secure: bool) -> &'static str {
    if secure {
        "__Host-waybill-guest"
    } else {
        "waybill-guest"
    }
}

fn cookie(shop: &Shop, guest: GuestId) -> Cookie<'static> {
    let secure = shop.site.is_secure();
    Cookie::build(name(secure), shop.guests.mint(guest))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(KEPT)
        .finish()
}
