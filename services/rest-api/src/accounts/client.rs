//! Where a request comes from, as far as attempts are counted by it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use chassis::http::client::{TrustedProxies, counted_as};
use identity::accounts::Client;

/// The client's address, and what its app calls itself.
#[derive(Debug)]
pub(crate) struct Origin(pub(crate) Client);

impl FromRequest for Origin {
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let proxies = request.app_data::<web::Data<TrustedProxies>>();
        let address = proxies.and_then(|proxies| proxies.client(request));
        let device = request.headers().get(header::USER_AGENT);
        let device = device.and_then(|device| device.to_str().ok()).unwrap_or_default();
        std::future::ready(Ok(Self(Client {
            // All that came over no connection are one client.
            address: counted_as(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
            device: device.to_owned(),
        })))
    }
}
