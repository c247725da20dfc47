//! Pretend devices: make, list, and have them fail.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Form, Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::{Registration, Site, problem};
use crate::device::{Device, NewDevice};
use crate::fault::{Fault, FaultKind};

/// A device as tools see it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    device: Device,
    registration: Registration,
}

impl Site {
    fn shown(&self, mut device: Device) -> Shown {
        device.private_key = None;
        Shown {
            registration: Registration::of(&device, &self.api_url),
            device,
        }
    }
}

pub(super) async fn list(Shared(site): Shared<Arc<Site>>) -> impl IntoResponse {
    Json(
        site.state
            .devices()
            .into_iter()
            .map(|device| site.shown(device))
            .collect::<Vec<_>>(),
    )
}

pub(super) async fn one(Shared(site): Shared<Arc<Site>>, Path(id): Path<String>) -> Response {
    site.state
        .device(&id)
        .map_or_else(no_device, |device| Json(site.shown(device)).into_response())
}

/// From JSON for tools, from a form for the page.
pub(super) async fn make(Shared(site): Shared<Arc<Site>>, headers: HeaderMap, body: Bytes) -> Response {
    let from_page = is_form(&headers);
    let wanted = if from_page {
        serde_urlencoded::from_bytes::<NewDevice>(&body).map_err(|error| error.to_string())
    } else {
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    };
    let made = match wanted {
        Ok(wanted) => site.state.add_device(&wanted),
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error),
    };
    match made {
        Ok(device) if from_page => Redirect::to(&format!("/#{}", device.id)).into_response(),
        Ok(device) => (StatusCode::CREATED, Json(site.shown(device))).into_response(),
        Err(error) => problem(StatusCode::INSUFFICIENT_STORAGE, &error.to_string()),
    }
}

pub(super) async fn set_fault(
    Shared(site): Shared<Arc<Site>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    match serde_json::from_slice::<Fault>(&body) {
        Ok(fault) => change(&site, &id, Some(fault)),
        Err(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

pub(super) async fn mend(Shared(site): Shared<Arc<Site>>, Path(id): Path<String>) -> Response {
    change(&site, &id, None)
}

#[derive(Deserialize)]
pub(super) struct FaultForm {
    kind: String,
}

/// The page's form: a kind, or `none`.
pub(super) async fn fault_form(
    Shared(site): Shared<Arc<Site>>,
    Path(id): Path<String>,
    Form(form): Form<FaultForm>,
) -> Response {
    let kind = serde_json::from_value::<FaultKind>(form.kind.clone().into());
    let fault = match kind {
        Ok(kind) => Some(Fault::new(kind)),
        Err(_) if form.kind == "none" => None,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match site.state.set_fault(&id, fault) {
        Some(_) => Redirect::to(&format!("/#{id}")).into_response(),
        None => no_device(),
    }
}

fn change(site: &Site, id: &str, fault: Option<Fault>) -> Response {
    let changed = site.state.set_fault(id, fault);
    changed.map_or_else(no_device, |device| Json(site.shown(device)).into_response())
}

fn no_device() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "There is no such pretend device; GET /devices lists them.",
    )
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}
