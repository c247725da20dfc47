//! `/orders/{id}`: where an order stands, and calling it off.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use domain::{Access, Actor, IdempotencyKey, Order, OrderId, Product, Version};
use ordering::CancelError;

use crate::app::Shop;
use crate::forms::{Fields, Form};
use crate::pages::catalog;
use crate::pages::errors::Refusal;
use crate::pages::order_view::{CancelForm, OrderView};
use crate::security;
use crate::session::Visitor;

/// How long an order's page waits for the names of its products.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Template)]
#[template(path = "order.html")]
pub(super) struct OrderPage {
    pub(super) order: OrderView,
    pub(super) events: String,
    /// Whether the page's address carries the secret.
    pub(super) is_link: bool,
}

/// The part of the page that moves.
#[derive(Template)]
#[template(path = "order_status.html")]
pub(super) struct OrderStatus {
    pub(super) order: OrderView,
}

/// Who reads an order, and what he has shown for it.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) id: OrderId,
    pub(crate) access: Access,
    visitor: Visitor,
    secret: Option<String>,
    /// The order's version when this reader asked to call it off.
    asked: Option<Version>,
}

impl Reader {
    /// A link's secret opens its order for whoever has it; without one, the visitor sees his own orders.
    pub(crate) fn new(
        shop: &Shop,
        visitor: Visitor,
        id: &str,
        secret: Option<&str>,
        asked: Option<&str>,
    ) -> Result<Self, Refusal> {
        let id = id.parse().map_err(|_| Refusal::NotFound)?;
        let opened = secret.and_then(|secret| Some((shop.secrets.open(id, secret).ok()?, secret.to_owned())));
        let (access, secret) = match opened {
            Some((access, secret)) => (access, Some(secret)),
            None => (visitor.access(), None),
        };
        let asked = asked.and_then(|text| text.parse().ok());
        Ok(Self {
            id,
            access,
            visitor,
            secret,
            asked,
        })
    }

    /// The address of the order, or of something below it, for this reader.
    fn address(&self, below: &str, more: &[(&str, String)]) -> String {
        let secret = self.secret.iter().map(|secret| ("secret", secret.clone()));
        let query: Vec<_> = secret
            .chain(more.iter().cloned())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/orders/{}{below}{mark}{}", self.id, query.join("&"))
    }

    fn view(&self, shop: &Shop, order: &Order, products: &[Product]) -> OrderView {
        let cancel = CancelForm {
            action: self.address("/cancellation", &[]),
            key: chassis::clock::random_id().to_string(),
            token: shop.forms.mint(self.visitor.guest),
        };
        OrderView::new(order, products, cancel, self.asked)
    }
}

/// The address of an order with its secret.
pub(super) fn link(shop: &Shop, id: OrderId) -> String {
    format!("/orders/{id}?secret={}", shop.secrets.mint(id))
}

/// Sends the browser on with GET.
pub(super) fn redirect(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .finish()
}

/// The order's page.
pub(crate) async fn show(
    shop: web::Data<Shop>,
    visitor: Visitor,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let query = Fields::of_query(&request)?;
    let reader = Reader::new(&shop, visitor, &id, query.get("secret"), query.get("asked"))?;
    let found = shop
        .ordering
        .look_up(reader.access.clone(), reader.id, Version::FIRST)
        .await;
    let order = found.map_err(Refusal::unavailable)?.ok_or(Refusal::NotFound)?;
    let asked = reader.asked.map(|version| ("asked", version.to_string()));
    let after = ("after", order.version.to_string());
    let page = OrderPage {
        events: reader.address("/events", &asked.into_iter().chain([after]).collect::<Vec<_>>()),
        is_link: reader.secret.is_some(),
        order: reader.view(&shop, &order, &names(&shop).await),
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::REFERRER_POLICY, "no-referrer"));
    Ok(visitor.remember(&shop, super::respond(&mut answer, &page)))
}

/// The moving part of the page for `order`.
pub(crate) async fn fragment(shop: &Shop, reader: &Reader, order: &Order) -> String {
    let status = OrderStatus {
        order: reader.view(shop, order, &names(shop).await),
    };
    status.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page can't be rendered");
        String::new()
    })
}

/// The products, for their names and pictures; the page is good without them, so it does not wait for long.
async fn names(shop: &Shop) -> Vec<Product> {
    match tokio::time::timeout(PATIENCE, catalog::products(shop)).await {
        Ok(Ok(products)) => products,
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// `POST /orders/{id}/cancellation`: takes the wish; what became of it is seen on the order's page.
pub(crate) async fn cancel(
    shop: web::Data<Shop>,
    visitor: Visitor,
    id: web::Path<String>,
    request: HttpRequest,
    form: Form,
) -> Result<HttpResponse, Refusal> {
    security::check_origin(&shop, &request)?;
    let (query, fields) = (Fields::of_query(&request)?, &form.0);
    fields.allow(|name| ["key", "token"].contains(&name))?;
    if !security::has_token(&shop, visitor, &fields.text("token")) {
        return Err(Refusal::OldForm);
    }
    let key: IdempotencyKey = fields.text("key").parse().map_err(|_| Refusal::Malformed)?;
    let reader = Reader::new(&shop, visitor, &id, query.get("secret"), None)?;
    let actor = reader
        .secret
        .is_none()
        .then(|| Actor::Customer(visitor.customer()));
    let now = chassis::clock::now();
    // Whatever version it has by now: only what was sent can't be called off, and that the page shows.
    match shop
        .ordering
        .cancel(reader.access.clone(), reader.id, &key, actor, None, now)
        .await
    {
        Ok(order) => Ok(redirect(
            &reader.address("", &[("asked", order.version.to_string())]),
        )),
        Err(CancelError::NotFound) => Err(Refusal::NotFound),
        Err(error @ (CancelError::Changed | CancelError::QueueFull | CancelError::Unavailable(_))) => {
            Err(Refusal::unavailable(error))
        }
    }
}
