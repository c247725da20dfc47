//! Apple Push Notification service: HTTP/2, a signed provider token, one request per device.

mod headers;
mod payload;
mod reason;
mod token;

pub(crate) use token::lenient;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State as Shared};
use axum::http::{HeaderMap, Request, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};

use self::headers::Wanted;
use self::reason::{Reason, Refused};
use self::token::ProviderTokens;
use super::exchange::{End, deliver, read, set};
use crate::credentials::{CredentialError, Opened};
use crate::delivery::{Push, Refusal};
use crate::device::{Device, Platform};
use crate::fault::{Fault, FaultKind};
use crate::random;
use crate::state::State;
use crate::tls::Connection;

struct Apns {
    state: Arc<State>,
    tokens: ProviderTokens,
    topic: String,
}

pub(crate) fn router(state: Arc<State>, opened: &Opened) -> Result<Router, CredentialError> {
    let credentials = &opened.credentials.apns;
    let tokens = ProviderTokens::new(&opened.apns_public_pem, &credentials.key_id, &credentials.team_id)?;
    let apns = Arc::new(Apns {
        state,
        tokens,
        topic: credentials.topic.clone(),
    });
    Ok(Router::new()
        .route("/3/device/{token}", post(push).fallback(wrong_method))
        .route("/3/device/", any(no_token))
        .route("/3/device", any(no_token))
        .route("/3/{*path}", any(wrong_path))
        .with_state(apns))
}

async fn push(
    Shared(apns): Shared<Arc<Apns>>,
    Extension(connection): Extension<Connection>,
    Path(token): Path<String>,
    request: Request<Body>,
) -> Response {
    if request.version() != Version::HTTP_2 {
        return (
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "APNs speaks HTTP/2 only\n",
        )
            .into_response();
    }
    let device = apns.state.device_at(Platform::Apns, &token.to_ascii_lowercase());
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let id = headers::id(&parts.headers).unwrap_or_else(|_| random::uuid());
    let outcome = async {
        let (wanted, device) = apns.check(&parts.headers, &token, device.as_ref())?;
        let body = body.ok_or(Refused::of(Reason::PayloadTooLarge, "the body is far too large"))?;
        let payload = payload::read(&body, &wanted)?;
        let push = Push {
            provider_id: id.to_string(),
            collapse_key: wanted.collapse_id,
            title: payload.title,
            body: payload.body,
            options: wanted.options,
            payload: payload.json,
        };
        match deliver(&apns.state, &connection, device, push).await {
            End::Taken => Ok(()),
            End::Fault(fault) => Err(from_fault(&fault)),
        }
    };
    let mut response = match outcome.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refused) => {
            apns.state.refuse(refusal(&apns.state, &refused, device.as_ref()));
            refused.answer(apns.state.now())
        }
    };
    set(&mut response, "apns-id", &id.to_string());
    response
}

impl Apns {
    fn check<'a>(
        &self,
        headers: &HeaderMap,
        token: &str,
        device: Option<&'a Device>,
    ) -> Result<(Wanted, &'a Device), Refused> {
        self.tokens.check(headers, self.state.now())?;
        let wanted = headers::read(headers, &self.topic)?;
        // A token is opaque to a sender, but it is always hex.
        if token.len() % 2 == 1 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Refused::of(Reason::BadDeviceToken, "a device token is hex"));
        }
        let unknown = || Refused::of(Reason::BadDeviceToken, "no pretend device has this token");
        Ok((wanted, device.ok_or_else(unknown)?))
    }
}

fn from_fault(fault: &Fault) -> Refused {
    let reason = match fault.kind {
        FaultKind::Gone => Reason::Unregistered,
        FaultKind::Throttled => Reason::TooManyRequests,
        FaultKind::ExpiredToken => Reason::ExpiredProviderToken,
        FaultKind::Unavailable => Reason::ServiceUnavailable,
        _ => Reason::InternalServerError,
    };
    Refused {
        retry_after: fault.retry_after,
        ..Refused::of(reason, "a fault was asked for")
    }
}

fn refusal(state: &State, refused: &Refused, device: Option<&Device>) -> Refusal {
    Refusal {
        at: state.now(),
        platform: Platform::Apns,
        device: device.map(|device| device.id.clone()),
        status: refused.reason.status().as_u16(),
        reason: refused.reason.as_str().to_owned(),
        explanation: refused.explanation.clone(),
    }
}

async fn wrong_method(Shared(apns): Shared<Arc<Apns>>) -> Response {
    Refused::of(Reason::MethodNotAllowed, "only POST").answer(apns.state.now())
}

async fn no_token(Shared(apns): Shared<Arc<Apns>>) -> Response {
    Refused::of(Reason::MissingDeviceToken, "the path names no device").answer(apns.state.now())
}

async fn wrong_path(Shared(apns): Shared<Arc<Apns>>) -> Response {
    Refused::of(Reason::BadPath, "the path is /3/device/{token}").answer(apns.state.now())
}
