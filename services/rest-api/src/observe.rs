//! What every request leaves behind: a request id, a metric, and a log line when the fault is ours.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, dev::Payload};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id a request is known by: the client's where it sent a sane one, else a new one.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

impl FromRequest for RequestId {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        std::future::ready(Ok(known.unwrap_or_else(new_id)))
    }
}

fn new_id() -> RequestId {
    RequestId(chassis::clock::random_id().to_string())
}

fn sane(id: &str) -> bool {
    (1..=100).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

tokio::task_local! {
    static ANSWERED: String;
}

/// The id of the request that is being answered, for its problem.
pub(crate) fn request_id() -> Option<String> {
    ANSWERED.try_with(Clone::clone).ok()
}

/// The middleware.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let sent = request
        .headers()
        .get(&HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| sane(id));
    let id = sent.map_or_else(new_id, |id| RequestId(id.to_owned()));
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let mut response = ANSWERED.scope(id.0.clone(), next.call(request)).await?;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unknown".into());
    let status = response.status();
    let labels = [
        ("method", label(&method)),
        ("route", route.clone()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", "route" => route.clone())
        .record(began.elapsed().as_secs_f64());
    if status.is_server_error() {
        tracing::warn!(request.id = id.0, %method, route, status = status.as_u16(), "request failed");
    }
    Ok(response)
}

/// The methods we know by name: a client must not be able to make labels.
fn label(method: &Method) -> String {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE") => known.to_owned(),
        _ => "other".to_owned(),
    }
}
