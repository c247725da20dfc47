//! What the services have in common: reading a request, and the faults that touch the connection.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;

use crate::delivery::Push;
use crate::device::Device;
use crate::fault::{BLACK_HOLE, Fault, FaultKind};
use crate::state::State;
use crate::tls::Connection;

/// Nothing a sender may rightly send is as long as this.
const BODY_LIMIT_BYTES: usize = 256 * 1024;
/// Nor does it come as slowly as this.
const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body, or none when it is beyond all measure, too slow, or broken off. It is read before anything is
/// refused: some clients take an answer that comes before the end of their request for a broken stream.
pub(crate) async fn read(body: Body) -> Option<Bytes> {
    tokio::time::timeout(PATIENCE, to_bytes(body, BODY_LIMIT_BYTES))
        .await
        .ok()?
        .ok()
}

/// A header's text; none when it is missing or no text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The token of `Authorization: Bearer <token>`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = header(headers, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A response without a body.
pub(crate) fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
}

/// How a good request ends.
pub(crate) enum End {
    /// Taken; answer so.
    Taken,
    /// Not taken: the fault says what to answer.
    Fault(Fault),
}

/// Gives a push that passed every check to its device, or lets the device's fault have it, or one that comes by share.
pub(crate) async fn deliver(state: &State, connection: &Connection, device: &Device, push: Push) -> End {
    let fault = state
        .take_fault(&device.id)
        .or_else(|| state.storms.hit(device, connection));
    let Some(fault) = fault else {
        state.take(device, push);
        return End::Taken;
    };
    if fault.takes_the_push() {
        state.take(device, push);
    }
    match fault.kind {
        FaultKind::Slow => tokio::time::sleep(fault.delay()).await,
        FaultKind::GoAway => connection.drain.cancel(),
        FaultKind::Reset => {
            connection.cut.cancel();
            // The connection ends under this request; it must not be answered before.
            std::future::pending::<()>().await;
        }
        FaultKind::BlackHole => {
            tokio::time::sleep(BLACK_HOLE).await;
            connection.cut.cancel();
            std::future::pending::<()>().await;
        }
        _ => return End::Fault(fault),
    }
    End::Taken
}

/// The fields of a form; none when the body is no `application/x-www-form-urlencoded`.
pub(crate) fn form(headers: &HeaderMap, body: &[u8]) -> Option<Vec<(String, String)>> {
    let kind = header(headers, "content-type")?;
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    serde_urlencoded::from_bytes(body).ok()
}
