//! `GET /v1/orders/{id}/events`: an order as server-sent events (HTML Standard, 9.2).

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use actix_web_lab::sse;
use domain::{Access, Order, OrderId, Version};
use futures_util::stream::{self, Peekable};
use futures_util::{FutureExt, Stream, StreamExt};
use ordering::Ordering;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::view::{EntryView, OrderView};
use crate::auth::Reader;
use crate::problem::{Kind, Problem};

/// How often a silent stream says that it is alive. Application data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heartbeat(pub(crate) Duration);

/// How soon a client connects again.
const RETRY: Duration = Duration::from_secs(1);

/// Server-sent events (HTML Standard, 9.2).
#[derive(ToSchema)]
#[schema(as = OrderEvents)]
pub(crate) struct EventStream(#[expect(dead_code, reason = "it stands for the text of a stream")] String);

/// What has happened to an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderHistory)]
pub(crate) struct History<'a> {
    /// Oldest first.
    events: Vec<EntryView<'a>>,
}

type Orders = Peekable<Pin<Box<dyn Stream<Item = Order>>>>;

/// The order now and at every later version it is found at, each once, in order; `Last-Event-ID` resumes after a version. `end` follows the
/// last version there will be; who connects again after it is answered 204, upon which a browser stops.
/// When the service stops the stream ends without it: the client connects again.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/events",
    operation_id = "followOrder",
    tag = "orders",
    summary = "Follow an order",
    description = "The order as it stands, and then every later version it is found at, each once and in order. `Last-Event-ID` resumes after a version.",
    params(("id" = OrderId, Path), ("Last-Event-ID" = Option<String>, Header)),
    responses(
        (
            status = 200,
            description = "`text/event-stream`: server-sent events, `event: order` with an Order as its data and the version as its id, and `event: end` after a final state. `application/json`, where only that is accepted: what has happened so far.",
            content((EventStream = "text/event-stream"), (History = "application/json"))
        ),
        (status = 204, description = "The client has seen the last version there will be: it need not connect again."),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn events(
    ordering: web::Data<Ordering>,
    stopping: web::Data<CancellationToken>,
    heartbeat: web::Data<Heartbeat>,
    reader: Reader,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let id = super::order_id(&id)?;
    let after = last_event_id(&request)?;
    if wants_json(&request) {
        return history(&ordering, reader.0, id, after).await;
    }
    let orders = ordering
        .watch(reader.0, id, after)
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    let mut orders: Orders = (Box::pin(orders) as Pin<Box<dyn Stream<Item = Order>>>).peekable();
    let over = Pin::new(&mut orders).peek().now_or_never() == Some(None);
    if over && after.is_some() {
        return Ok(HttpResponse::NoContent()
            .insert_header((header::CACHE_CONTROL, "private, no-store"))
            .finish());
    }
    let events = orders
        .map(|order| event(&order))
        .chain(stream::once(async { sse::Data::new("").event("end").into() }))
        .map(Ok::<_, Infallible>)
        .take_until(stopping.get_ref().clone().cancelled_owned());
    let mut response = sse::Sse::from_stream(Box::pin(events))
        .with_keep_alive(heartbeat.0)
        .with_retry_duration(RETRY)
        .respond_to(&request)
        .map_into_boxed_body();
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    // The word by which nginx and those like it pass each event on at once.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

/// What has happened after the version that was seen last, at once and at its end.
async fn history(
    ordering: &Ordering,
    access: Access,
    id: OrderId,
    after: Option<Version>,
) -> Result<HttpResponse, Problem> {
    let after = after.unwrap_or(Version(0));
    let order = ordering
        .look_up(access, id, after)
        .await
        .map_err(|error| Problem::unavailable(&error))?
        .ok_or_else(|| Problem::new(Kind::NotFound))?;
    let entries = order.history.iter().filter(|entry| entry.version > after);
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::VARY, "accept"))
        .json(History {
            events: entries.map(EntryView::from).collect(),
        }))
}

/// Whether JSON is accepted by name and a stream of events is not.
fn wants_json(request: &HttpRequest) -> bool {
    let lines = request.headers().get_all(header::ACCEPT);
    let kinds: Vec<_> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|kind| kind.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase())
        .collect();
    let accepts = |kind: &str| kinds.iter().any(|accepted| accepted == kind);
    accepts("application/json") && !accepts("text/event-stream")
}

fn event(order: &Order) -> sse::Event {
    // An order's view has no maps with keys other than strings, so it always serialises.
    let json = serde_json::to_string(&OrderView::from(order)).unwrap_or_default();
    sse::Data::new(json)
        .id(order.version.to_string())
        .event("order")
        .into()
}

/// The version that a client saw last. An empty id is what one sends that saw none.
fn last_event_id(request: &HttpRequest) -> Result<Option<Version>, Problem> {
    let sent = request.headers().get("last-event-id");
    let Some(value) = sent.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let version = value.to_str().ok().and_then(|text| text.parse().ok());
    version
        .map(Some)
        .ok_or_else(|| Problem::invalid_field("/last-event-id", "must be the id of an event of this order"))
}
