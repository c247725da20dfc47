//! `GET /orders`: the visitor's orders, newest first.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use storage::{OrderFilter, OrderSummary};

use crate::app::Shop;
use crate::forms::Fields;
use crate::pages::errors::Refusal;
use crate::pages::order_view::short;
use crate::session::Visitor;
use crate::words;

/// How many a page has.
const PAGE: u32 = 20;

#[derive(Template)]
#[template(path = "my_orders.html")]
pub(super) struct MyOrdersPage {
    pub(super) orders: Vec<Row>,
    /// The address of the next page.
    pub(super) older: Option<String>,
    /// Whether this is not the first page.
    pub(super) is_later_page: bool,
}

pub(super) struct Row {
    pub(super) href: String,
    pub(super) number: String,
    pub(super) at: String,
    pub(super) at_machine: String,
    pub(super) label: &'static str,
    pub(super) tone: &'static str,
    pub(super) units: String,
    pub(super) total: String,
}

/// A page of the list.
pub(crate) async fn show(
    shop: web::Data<Shop>,
    visitor: Visitor,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let query = Fields::of_query(&request)?;
    query.allow(|name| name == "after")?;
    let after = match query.get("after") {
        Some(text) => Some(ordering::read_cursor(text).ok_or(Refusal::Malformed)?),
        None => None,
    };
    let page = shop
        .ordering
        .list(visitor.access(), &OrderFilter::default(), after, PAGE)
        .await
        .map_err(Refusal::unavailable)?;
    let context = MyOrdersPage {
        orders: page.orders.iter().map(Row::from).collect(),
        // A cursor is of characters that an address may have.
        older: page
            .next
            .map(|position| format!("/orders?after={}", ordering::cursor(position))),
        is_later_page: after.is_some(),
    };
    Ok(visitor.remember(&shop, super::page(StatusCode::OK, &context)))
}

impl From<&OrderSummary> for Row {
    fn from(order: &OrderSummary) -> Self {
        Self {
            href: format!("/orders/{}", order.id),
            number: short(order.id),
            at: words::time(order.submitted_at),
            at_machine: order.submitted_at.to_string(),
            label: words::label(order.state),
            tone: words::tone(order.state),
            units: if order.units == 1 {
                "1 item".into()
            } else {
                format!("{} items", order.units)
            },
            total: order.total.map_or_else(|| "–".into(), words::money),
        }
    }
}
