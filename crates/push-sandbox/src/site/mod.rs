//! The port for people and tools: the page, and the same as JSON.

mod devices;
mod inbox;
mod live;
mod many;
mod page;
mod registration;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State as Shared};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::credentials::Credentials;
use crate::delivery::{Delivery, Filter, Refusal};
use crate::state::State;

pub use registration::Registration;

/// What the pages and the JSON are made from.
struct Site {
    state: Arc<State>,
    credentials: Credentials,
    api_url: String,
    stop: CancellationToken,
}

pub(crate) fn router(
    state: Arc<State>,
    credentials: Credentials,
    api_url: String,
    stop: CancellationToken,
) -> Router {
    let site = Arc::new(Site {
        state,
        credentials,
        api_url,
        stop,
    });
    Router::new()
        .route("/", get(page::page))
        .route("/live", get(live::live))
        .route("/deliveries", get(deliveries).delete(clear))
        .route("/refusals", get(refusals))
        .route("/credentials", get(credentials_json))
        .route("/ca.pem", get(ca))
        .route("/devices", get(devices::list).post(devices::make))
        .route("/devices/bulk", post(many::make))
        .route("/faults", get(many::faults).put(many::rage).delete(many::calm))
        .route("/tally", get(many::tally))
        .route("/tally/count", get(many::count))
        .route("/tally/devices", get(many::taken))
        .route("/samples", get(many::samples).put(many::want_samples))
        .route("/devices/{id}", get(devices::one))
        .route("/devices/{id}/screen", get(page::screen))
        .route(
            "/devices/{id}/fault",
            put(devices::set_fault)
                .delete(devices::mend)
                .post(devices::fault_form),
        )
        .merge(inbox::routes())
        .route("/refused", get(page::refused))
        .route(
            "/assets/page.js",
            get(|| asset("text/javascript", include_str!("../../assets/page.js"))),
        )
        .route(
            "/assets/page.css",
            get(|| asset("text/css", include_str!("../../assets/page.css"))),
        )
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/clear", delete(clear).post(clear_and_return))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "There is nothing at this address.") })
        .with_state(site)
}

pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!(%error, "the page's port failed");
    }
}

async fn deliveries(
    Shared(site): Shared<Arc<Site>>,
    filter: Result<Query<Filter>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<Delivery>>, Response> {
    match filter {
        Ok(Query(filter)) => Ok(Json(site.state.deliveries(&filter))),
        Err(error) => Err(problem(StatusCode::BAD_REQUEST, &error.body_text())),
    }
}

async fn refusals(Shared(site): Shared<Arc<Site>>) -> Json<Vec<Refusal>> {
    Json(site.state.refusals())
}

async fn clear(Shared(site): Shared<Arc<Site>>) -> StatusCode {
    site.state.clear();
    StatusCode::NO_CONTENT
}

async fn clear_and_return(site: Shared<Arc<Site>>) -> impl IntoResponse {
    clear(site).await;
    axum::response::Redirect::to("/")
}

/// The credentials, and the same as the notification hub's environment.
#[derive(Serialize)]
struct Handed {
    #[serde(flatten)]
    credentials: Credentials,
    environment: BTreeMap<&'static str, String>,
}

async fn credentials_json(Shared(site): Shared<Arc<Site>>) -> Json<Handed> {
    let credentials = site.credentials.clone();
    Json(Handed {
        environment: credentials.environment(),
        credentials,
    })
}

async fn ca(Shared(site): Shared<Arc<Site>>) -> Response {
    match tokio::fs::read(&site.credentials.ca_pem_path).await {
        Ok(pem) => ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response(),
        Err(error) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("cannot read the CA: {error}"),
        ),
    }
}

async fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text)
}

/// RFC 9457.
fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({ "type": "about:blank", "title": status.canonical_reason(), "status": status.as_u16(), "detail": detail });
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}
