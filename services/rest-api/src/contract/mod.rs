//! The contract of the API: OpenAPI 3.1, made from the handlers and what they take and give.

#[cfg(test)]
mod breaking;
mod docs;
mod examples;
mod problems;
mod shared;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use actix_web::http::header::{self, ETag, EntityTag};
use actix_web::{HttpRequest, HttpResponse};
use domain::Fingerprint;
use serde_json::Value;
use utoipa::OpenApi;

use crate::conditional::Known;
use crate::{
    accounts, catalog, guest_sessions, installations, me, orders, problem, scheduled, sessions, wishes,
};

pub(crate) use docs::docs;

/// The contract's version. Its first number moves with every change that could break an app.
const VERSION: &str = "1.0.0";

/// How those who are asked for it say that they know the contract as it stands.
const TAG_LENGTH: usize = 32;

#[derive(OpenApi)]
#[openapi(
    paths(openapi),
    info(
        title = "Waybill",
        description = include_str!("introduction.md"),
        version = VERSION,
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/")),
    tags(
        (name = "guests", description = "Ordering without an account."),
        (name = "accounts", description = "Signing up and in."),
        (name = "sessions", description = "Tokens, and where an account is signed in."),
        (name = "me", description = "The own account and its address book."),
        (name = "products", description = "What can be ordered."),
        (name = "orders", description = "Submit, read, follow and cancel."),
        (name = "scheduled orders", description = "Orders that are placed later."),
        (name = "installations", description = "Devices that are told by push."),
        (name = "wishes", description = "What customers want to hear of by push: topics of events, with conditions."),
        (name = "problems", description = "What a problem means."),
        (name = "contract", description = "This document."),
    )
)]
struct Api;

/// The document and its tag: the same for as long as the process lives.
static DOCUMENT: LazyLock<(String, String)> = LazyLock::new(|| {
    let text = text();
    let mut tag = Fingerprint::of(&text).as_str().to_owned();
    tag.truncate(TAG_LENGTH);
    (text, tag)
});

/// The document as JSON text.
fn text() -> String {
    // A value that was made from JSON always serialises.
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn document() -> Value {
    let mut whole = Api::openapi();
    for part in [
        guest_sessions::Operations::openapi(),
        accounts::Operations::openapi(),
        sessions::Operations::openapi(),
        me::Operations::openapi(),
        me::addresses::Operations::openapi(),
        me::preferences::Operations::openapi(),
        catalog::Operations::openapi(),
        orders::Operations::openapi(),
        scheduled::Operations::openapi(),
        installations::Operations::openapi(),
        wishes::Operations::openapi(),
        problem::Operations::openapi(),
    ] {
        whole.merge(part);
    }
    let mut document = serde_json::to_value(whole).unwrap_or_default();
    shared::complete(&mut document);
    problems::complete(&mut document);
    examples::complete(&mut document);
    document
}

/// The operations of a document: address, method, and what is said of it.
fn operations(document: &mut Value) -> impl Iterator<Item = (String, String, &mut Value)> {
    fields_of(document, "paths").flat_map(|(path, item)| {
        let path = path.clone();
        let methods = item.as_object_mut().into_iter().flatten();
        methods.map(move |(method, operation)| (path.clone(), method.clone(), operation))
    })
}

/// The fields of the object that stands under `name`, where one does.
fn fields_of<'a>(
    value: &'a mut Value,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a mut Value)> + use<'a> {
    let object = value.get_mut(name).and_then(Value::as_object_mut);
    object.into_iter().flatten()
}

/// The items of the list that stands under `name`, where one does.
fn items_of<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    let list = value.get_mut(name).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}

/// This document, for generators and tools.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "getContract",
    tag = "contract",
    summary = "Read the contract",
    description = "This document, for generators and tools.",
    params(("If-None-Match" = Option<String>, Header)),
    responses(
        (status = 200, description = "An OpenAPI 3.1 document.", body = Object, headers(("ETag"))),
        (status = 304, description = "The document is as the client has it.", headers(("ETag"))),
    )
)]
pub(crate) async fn openapi(request: HttpRequest) -> HttpResponse {
    let (text, tag) = &*DOCUMENT;
    let tag = EntityTag::new_strong(tag.clone());
    let unchanged = Known::of(&request).has(&tag);
    let mut response = if unchanged {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((header::CACHE_CONTROL, "public, no-cache"))
        .insert_header(ETag(tag));
    if unchanged {
        return response.finish();
    }
    response.content_type("application/json").body(text.as_str())
}
