//! `GET /v1/orders/{id}/events`: an order as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use actix_web_lab::sse;
use domain::{Order, Version};
use futures_util::StreamExt;
use ordering::Ordering;
use tokio_util::sync::CancellationToken;

use super::view::OrderView;
use crate::auth::Caller;
use crate::problem::{Kind, Problem};

/// How often a silent stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The order now and at every later version, each once, in order; `Last-Event-ID` resumes after a version.
/// Ends when the order's state is terminal or the service stops (the client then reconnects).
pub(crate) async fn events(
    ordering: web::Data<Ordering>,
    stopping: web::Data<CancellationToken>,
    caller: Caller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = super::order_id(&id)?;
    let orders = ordering
        .watch(caller.access(), id, last_event_id(&request)?)
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    let events = orders
        .map(|order| Ok::<_, Infallible>(event(&order)))
        .take_until(stopping.get_ref().clone().cancelled_owned());
    let mut response = sse::Sse::from_stream(Box::pin(events))
        .with_keep_alive(HEARTBEAT)
        .with_retry_duration(Duration::from_secs(1))
        .respond_to(&request)
        .map_into_boxed_body();
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("private, no-store"),
    );
    Ok(response)
}

fn event(order: &Order) -> sse::Event {
    // An order's view has no maps with keys other than strings, so it always serialises.
    let json = serde_json::to_string(&OrderView::from(order)).unwrap_or_default();
    sse::Data::new(json)
        .id(order.version.to_string())
        .event("order")
        .into()
}

fn last_event_id(request: &HttpRequest) -> Result<Option<Version>, Problem> {
    let Some(value) = request.headers().get("last-event-id") else {
        return Ok(None);
    };
    let version = value.to_str().ok().and_then(|text| text.parse().ok());
    version
        .map(Some)
        .ok_or_else(|| Problem::invalid_field("/last-event-id", "must be the id of an event of this order"))
}
