//! Devices by the ten thousand, faults by share, counts, and requests as they came.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Site, problem};
use crate::device::{Channel, NewDevices, Platform};
use crate::storm::Storm;

/// One line for a device.
#[derive(Serialize)]
struct Made<'a> {
    id: &'a str,
    installation_id: Uuid,
    platform: Platform,
    channel: &'a Channel,
}

/// Makes many devices at once: a line of JSON for each.
pub(super) async fn make(Shared(site): Shared<Arc<Site>>, body: Bytes) -> Response {
    let wanted: NewDevices = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    // Keys and a file take their time: not on a thread that others wait for.
    let made = tokio::task::spawn_blocking(move || {
        let devices = site.state.add_devices(&wanted)?;
        Ok(lines(devices.iter().map(|device| Made {
            id: &device.id,
            installation_id: device.installation_id,
            platform: device.platform,
            channel: &device.channel,
        })))
    });
    match made.await {
        Ok(Ok(lines)) => (StatusCode::CREATED, lines).into_response(),
        Ok(Err(error)) => {
            let error: crate::DeviceError = error;
            problem(StatusCode::INSUFFICIENT_STORAGE, &error.to_string())
        }
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub(super) async fn rage(Shared(site): Shared<Arc<Site>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Storm>(&body) {
        Ok(storm) if site.state.storms.rage(&storm) => faults(Shared(site)).await,
        Ok(_) => problem(
            StatusCode::BAD_REQUEST,
            "A share is from 0 to 1, and those of requests are at most 1 together.",
        ),
        Err(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// The faults by share that there are, and how often each was shown.
pub(super) async fn faults(Shared(site): Shared<Arc<Site>>) -> Response {
    Json(site.state.storms.told()).into_response()
}

pub(super) async fn calm(Shared(site): Shared<Arc<Site>>) -> StatusCode {
    site.state.storms.calm();
    StatusCode::NO_CONTENT
}

/// The counts in short.
pub(super) async fn tally(Shared(site): Shared<Arc<Site>>) -> Response {
    Json(site.state.summary()).into_response()
}

/// Only how many pushes were taken, for one who asks often.
pub(super) async fn count(Shared(site): Shared<Arc<Site>>) -> Response {
    Json(json!({ "pushes": site.state.count() })).into_response()
}

/// What each device took: a line of JSON for each.
pub(super) async fn taken(Shared(site): Shared<Arc<Site>>) -> Response {
    lines(site.state.taken().into_iter())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    count: usize,
}

/// Keeps the next requests of each service as they come.
pub(super) async fn want_samples(Shared(site): Shared<Arc<Site>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Wanted>(&body) {
        Ok(wanted) => {
            site.state.samples.want(wanted.count);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

pub(super) async fn samples(Shared(site): Shared<Arc<Site>>) -> Response {
    Json(site.state.samples.kept()).into_response()
}

fn lines(all: impl Iterator<Item: Serialize>) -> Response {
    let mut text = Vec::new();
    for one in all {
        // Values of ours: writing them to memory can't fail.
        if serde_json::to_writer(&mut text, &one).is_ok() {
            text.push(b'\n');
        }
    }
    ([(header::CONTENT_TYPE, "application/x-ndjson")], text).into_response()
}
