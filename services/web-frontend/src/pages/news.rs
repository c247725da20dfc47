//! `/news/stop?token=…`: no more product news, without signing in. Opened from a mail's link, or sent by the mail program itself (RFC 8058).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use domain::Customer;

use crate::app::Shop;
use crate::forms::Fields;
use crate::pages::errors::Refusal;

#[derive(Template)]
#[template(path = "news_stop.html")]
pub(super) struct NewsStopPage {
    /// Where its button leads; none where it is done.
    pub(super) action: Option<String>,
}

/// Asks once more: mail scanners open every link of a mail, and none of them may stop anything.
pub(crate) async fn ask(shop: web::Data<Shop>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let (token, _) = read(&shop, &request)?;
    Ok(page(&NewsStopPage {
        action: Some(format!("/news/stop?token={token}")),
    }))
}

/// Does it. The token alone says who may: a mail program sends neither cookie nor origin, and there is nothing that a site could gain by sending
/// somebody else's.
pub(crate) async fn stop(shop: web::Data<Shop>, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let (_, customer) = read(&shop, &request)?;
    shop.storage
        .stop_news(customer, chassis::clock::now())
        .await
        .map_err(Refusal::unavailable)?;
    Ok(page(&NewsStopPage { action: None }))
}

/// The token, and whose news it stops. One that was not made here leads nowhere.
fn read(shop: &Shop, request: &HttpRequest) -> Result<(String, Customer), Refusal> {
    let token = Fields::of_query(request)?.text("token");
    let customer = shop.news_stops.read(&token).map_err(|_| Refusal::NotFound)?;
    Ok((token, customer))
}

fn page(template: &NewsStopPage) -> HttpResponse {
    let mut page = super::page(StatusCode::OK, template);
    let no_referrer = header::HeaderValue::from_static("no-referrer");
    page.headers_mut().insert(header::REFERRER_POLICY, no_referrer);
    page
}
