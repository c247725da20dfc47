//! The pages: each reads what it needs, makes a typed context, and renders its template.

pub(crate) mod catalog;
pub(crate) mod checkout;
pub(crate) mod draft;
pub(crate) mod errors;
pub(crate) mod fields;
pub(crate) mod my_orders;
pub(crate) mod news;
pub(crate) mod order;
pub(crate) mod order_view;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod samples;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

/// `template` as an answer of `status`.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    respond(&mut HttpResponseBuilder::new(status), template)
}

/// `template` as the body of `answer`.
pub(crate) fn respond(answer: &mut HttpResponseBuilder, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(html) => answer.content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "a page can't be rendered");
            HttpResponse::InternalServerError().body("Something went wrong on our side. Please try again.")
        }
    }
}
