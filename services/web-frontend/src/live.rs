//! An order's page as it moves: server-sent events (HTML Standard, 9.2), each with a new piece of the page.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use actix_web_lab::sse;
use domain::Version;
use futures_util::{StreamExt, stream};

use crate::app::Shop;
use crate::forms::Fields;
use crate::pages::errors::Refusal;
use crate::pages::order::{self, Reader};
use crate::session::Visitor;

/// How often a silent stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a browser connects again.
const RETRY: Duration = Duration::from_secs(2);

/// `GET /orders/{id}/events`: the order's status at every version after the one shown. The event `order` carries HTML, the id is
/// its version; `end` says that nothing more will come. When the service stops the stream ends without it: the browser connects again.
pub(crate) async fn events(
    shop: web::Data<Shop>,
    visitor: Visitor,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let query = Fields::of_query(&request)?;
    query.allow(|name| ["secret", "after", "asked"].contains(&name))?;
    let reader = Reader::new(&shop, visitor, &id, query.get("secret"), query.get("asked"))?;
    let after = last_seen(&request, &query)?;
    let orders = shop
        .ordering
        .watch(reader.access.clone(), reader.id, after)
        .await
        .map_err(Refusal::unavailable)?
        .ok_or(Refusal::NotFound)?;
    let stopping = shop.stopping.clone().cancelled_owned();
    let events = orders
        .then(move |order| {
            let (shop, reader) = (shop.clone(), reader.clone());
            async move {
                let id = order.version.to_string();
                sse::Event::from(
                    sse::Data::new(order::fragment(&shop, &reader, &order).await)
                        .id(id)
                        .event("order"),
                )
            }
        })
        .chain(stream::once(async { sse::Data::new("").event("end").into() }))
        .take_until(stopping)
        .map(Ok::<_, Infallible>);
    let stream = sse::Sse::from_stream(Box::pin(events))
        .with_keep_alive(HEARTBEAT)
        .with_retry_duration(RETRY);
    let mut response = stream.respond_to(&request).map_into_boxed_body();
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    Ok(response)
}

/// The version the browser has: what it says when it connects again, else what its page was made with.
fn last_seen(request: &HttpRequest, query: &Fields) -> Result<Option<Version>, Refusal> {
    let header = request
        .headers()
        .get("last-event-id")
        .map(|value| value.to_str().unwrap_or("?"));
    match header.filter(|text| !text.is_empty()).or(query.get("after")) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| Refusal::Malformed),
    }
}
