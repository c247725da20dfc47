//! A browser's push service: RFC 8030, VAPID (RFC 8292), messages that only the browser can read (RFC 8291).

mod answer;
mod headers;
mod vapid;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State as Shared};
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use axum::routing::any;
use serde_json::Value;

use self::answer::Refused;
use super::exchange::{End, deliver, header, read};
use crate::browser::Browser;
use crate::credentials::Opened;
use crate::delivery::{Push, Refusal};
use crate::device::{Channel, Device, Platform, WEB_PUSH_ORIGIN};
use crate::fault::{Fault, FaultKind};
use crate::random;
use crate::state::State;
use crate::tls::Connection;

/// What a push service must take at least, and what they take in fact.
const LIMIT_BYTES: usize = 4_096;

struct WebPush {
    state: Arc<State>,
    /// The key that all browsers have subscribed for.
    public_key: String,
}

pub(crate) fn router(state: Arc<State>, opened: &Opened) -> Router {
    let service = Arc::new(WebPush {
        state,
        public_key: opened.credentials.webpush.public_key.clone(),
    });
    Router::new().route("/wp/{id}", any(push)).with_state(service)
}

async fn push(
    Shared(service): Shared<Arc<WebPush>>,
    Extension(connection): Extension<Connection>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let endpoint = format!("{WEB_PUSH_ORIGIN}/wp/{id}");
    let device = service.state.device_at(Platform::WebPush, &endpoint);
    let outcome = async {
        if parts.method != "POST" {
            return Err(Refused::new(405, None, "only POST"));
        }
        let device = device
            .as_ref()
            .ok_or_else(|| Refused::new(404, Some(102), "no pretend browser has this endpoint"))?;
        let wanted = headers::read(&parts.headers)?;
        vapid::check(&parts.headers, &service.public_key, service.state.now())?;
        let body = body.filter(|body| body.len() <= LIMIT_BYTES);
        let body = body.ok_or_else(|| Refused::new(413, Some(104), "a message has at most 4,096 bytes"))?;
        let payload = payload(&parts.headers, device, &body)?;
        let name = format!("{WEB_PUSH_ORIGIN}/m/{}", random::text::<24>());
        let line = |field: &str| payload[field].as_str().unwrap_or_default().to_owned();
        let push = Push {
            provider_id: name.clone(),
            collapse_key: wanted.topic,
            title: line("title"),
            body: line("body"),
            options: wanted.options,
            payload,
        };
        match deliver(&service.state, &connection, device, push).await {
            End::Taken => Ok((name, wanted.ttl)),
            End::Fault(fault) => Err(from_fault(&fault)),
        }
    };
    match outcome.await {
        Ok((name, ttl)) => answer::taken(&name, ttl),
        Err(refused) => {
            service
                .state
                .refuse(refusal(&service.state, &refused, device.as_ref()));
            refused.answer()
        }
    }
}

/// What the browser reads: JSON, or any other text as it is. A message without a body wakes the app, no more.
fn payload(headers: &HeaderMap, device: &Device, body: &[u8]) -> Result<Value, Refused> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let unread = |why: &str| Refused::new(400, Some(110), why);
    if header(headers, "content-encoding") != Some("aes128gcm") {
        return Err(unread("a message has Content-Encoding: aes128gcm"));
    }
    let text = browser(device)
        .ok_or("the browser has no keys")
        .and_then(|browser| browser.decrypt(body))
        .map_err(unread)?;
    Ok(match serde_json::from_slice(&text) {
        Ok(json) => json,
        Err(_) => String::from_utf8_lossy(&text).into(),
    })
}

fn browser(device: &Device) -> Option<Browser> {
    let Channel::WebPush { keys, .. } = &device.channel else {
        return None;
    };
    Some(Browser {
        public: keys.p256dh.clone(),
        auth: keys.auth.clone(),
        private: device.private_key.clone()?,
    })
}

fn from_fault(fault: &Fault) -> Refused {
    let said = "a fault was asked for";
    let refused = match fault.kind {
        FaultKind::Throttled => Refused::new(429, Some(201), said),
        FaultKind::Gone => Refused::new(410, Some(106), said),
        FaultKind::ExpiredToken => Refused::new(401, Some(109), said),
        FaultKind::Unavailable => Refused::new(503, Some(201), said),
        _ => Refused::new(500, Some(999), said),
    };
    Refused {
        retry_after: fault.retry_after,
        ..refused
    }
}

fn refusal(state: &State, refused: &Refused, device: Option<&Device>) -> Refusal {
    Refusal {
        at: state.now(),
        platform: Platform::WebPush,
        device: device.map(|device| device.id.clone()),
        status: refused.status.as_u16(),
        reason: refused.reason().to_owned(),
        explanation: refused.explanation.clone(),
    }
}
