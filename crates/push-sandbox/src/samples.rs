//! Requests as they came, for tools that want to send the same bytes again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::Version;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::providers::read;
use crate::state::State;

/// The most that are kept of one service.
pub(crate) const MOST_SAMPLES: usize = 1_000;

/// A push request that was taken.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// `2` or `1.1`.
    http: &'static str,
    host: String,
    /// With the query.
    path: String,
    /// In their order, `host` and those of the connection left out.
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

/// None are kept until some are asked for.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    wanted: AtomicUsize,
    kept: Mutex<HashMap<&'static str, Vec<Sample>>>,
}

impl Samples {
    /// Keeps the next `count` requests of each service, and forgets those before.
    pub(crate) fn want(&self, count: usize) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.wanted.store(count.min(MOST_SAMPLES), Ordering::Relaxed);
    }

    /// What was kept, by service.
    pub(crate) fn kept(&self) -> HashMap<&'static str, Vec<Sample>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, service: &'static str, sample: Sample) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.entry(service).or_default();
        if kept.len() < self.wanted.load(Ordering::Relaxed) {
            kept.push(sample);
        }
    }
}

/// Passes a request on, and keeps it where that is wanted and it was taken.
pub(crate) async fn record(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    if state.samples.wanted.load(Ordering::Relaxed) == 0 {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let bytes = read(body).await.unwrap_or_default();
    let sample = sample(&parts, &bytes);
    let service = service(&sample);
    let signed_in = parts.headers.contains_key("authorization");
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    if signed_in && response.status().is_success() {
        state.samples.keep(service, sample);
    }
    response
}

fn sample(parts: &axum::http::request::Parts, body: &[u8]) -> Sample {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host = parts.uri.authority().map(|authority| authority.as_str());
    let headers = parts
        .headers
        .iter()
        .filter(|(name, _)| !["host", "content-length", "connection"].contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    Sample {
        http: if parts.version == Version::HTTP_2 {
            "2"
        } else {
            "1.1"
        },
        host: host.or_else(|| header("host")).unwrap_or_default().to_owned(),
        path: parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        headers,
        body: STANDARD.encode(body),
    }
}

fn service(sample: &Sample) -> &'static str {
    match sample.path.as_str() {
        path if path.starts_with("/3/") => "apns",
        path if path.starts_with("/v1/projects/") => "fcm",
        _ if sample.host.contains(".notify.windows.com") => "wns",
        _ => "webpush",
    }
}
