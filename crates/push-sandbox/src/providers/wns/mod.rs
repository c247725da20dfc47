//! Windows Push Notification Services: HTTP/1.1, an access token by one of two ways to sign in, XML.

mod answer;
mod notification;
mod sign_in;
mod toast;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, State as Shared};
use axum::http::{HeaderMap, Request, Uri, Version};
use axum::response::Response;
use axum::routing::{any, post};
use jiff::SignedDuration;

use self::answer::Refused;
use super::access::AccessTokens;
use super::exchange::{End, bearer, deliver, header, read};
use crate::credentials::{Opened, WnsCredentials};
use crate::delivery::{Push, Refusal};
use crate::device::{Device, Platform, WNS_HOST, WnsSignIn};
use crate::fault::{Fault, FaultKind};
use crate::random;
use crate::state::State;
use crate::tls::Connection;

/// WNS channels live 30 days.
const CHANNEL_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

struct Wns {
    state: Arc<State>,
    credentials: WnsCredentials,
    tokens: AccessTokens<WnsSignIn>,
}

pub(crate) fn router(state: Arc<State>, opened: &Opened) -> Router {
    let credentials = opened.credentials.wns.clone();
    let wns = Arc::new(Wns {
        state,
        credentials,
        tokens: AccessTokens::default(),
    });
    Router::new()
        .route("/accesstoken.srf", post(sign_in::uwp))
        .route("/{tenant}/oauth2/v2.0/token", post(sign_in::app_sdk))
        .route("/", any(notify))
        .with_state(wns)
}

async fn notify(
    Shared(wns): Shared<Arc<Wns>>,
    Extension(connection): Extension<Connection>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let device = channel(&parts.uri, &parts.headers).and_then(|uri| wns.state.device_at(Platform::Wns, &uri));
    let outcome = async {
        if parts.version != Version::HTTP_11 {
            return Err(Refused::new(505, "WNS speaks HTTP/1.1 only"));
        }
        if parts.method != "POST" {
            return Err(Refused::new(405, "only POST"));
        }
        let sign_in = wns.authorize(&parts.headers)?;
        let wanted = notification::headers(&parts.headers)?;
        let device = wns.usable(device.as_ref(), sign_in)?;
        let body = body.ok_or_else(|| Refused::new(413, "the body is far too large"))?;
        let shown = notification::body(&wanted, &body)?;
        let push = Push {
            provider_id: random::hex::<8>().to_uppercase(),
            collapse_key: wanted.tag,
            title: shown.title,
            body: shown.body,
            options: wanted.options,
            payload: shown.payload,
        };
        let id = push.provider_id.clone();
        match deliver(&wns.state, &connection, device, push).await {
            End::Taken => Ok((id, "received")),
            End::Fault(fault) if fault.kind == FaultKind::Dropped => Ok((id, "dropped")),
            End::Fault(fault) => Err(from_fault(&fault)),
        }
    };
    match outcome.await {
        Ok((id, status)) => answer::taken(
            &id,
            status,
            header(&parts.headers, "x-wns-requestforstatus") == Some("true"),
        ),
        Err(refused) => {
            wns.state.refuse(refusal(&wns.state, &refused, device.as_ref()));
            refused.answer()
        }
    }
}

/// The channel URI that the request is for, as it was handed out.
fn channel(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = header(headers, "host").and_then(|host| host.split(':').next())?;
    (host == WNS_HOST).then(|| format!("https://{WNS_HOST}/?{}", uri.query().unwrap_or_default()))
}

impl Wns {
    fn authorize(&self, headers: &HeaderMap) -> Result<WnsSignIn, Refused> {
        let token =
            bearer(headers).ok_or_else(|| Refused::new(401, "no `Authorization: Bearer <token>` header"))?;
        self.tokens
            .grant(token, self.state.now())
            .ok_or_else(|| Refused::expired("the access token is unknown or has ended"))
    }

    fn usable<'a>(&self, device: Option<&'a Device>, sign_in: WnsSignIn) -> Result<&'a Device, Refused> {
        let device = device.ok_or_else(|| Refused::new(404, "no pretend device has this channel"))?;
        if device.sign_in != Some(sign_in) {
            return Err(Refused::new(
                403,
                "this channel belongs to the other way to sign in",
            ));
        }
        if device.made_at + CHANNEL_LIFETIME < self.state.now() {
            return Err(Refused::new(410, "the channel is older than 30 days"));
        }
        Ok(device)
    }
}

fn from_fault(fault: &Fault) -> Refused {
    let refused = match fault.kind {
        FaultKind::Throttled => Refused::new(406, "a fault was asked for: throttled"),
        FaultKind::Gone => Refused::new(410, "a fault was asked for: the channel is gone"),
        FaultKind::DomainBlocked => Refused::new(410, "Domain Blocked"),
        FaultKind::ExpiredToken => Refused::expired("a fault was asked for: the token has ended"),
        FaultKind::Unavailable => Refused::new(503, "a fault was asked for: unavailable"),
        _ => Refused::new(500, "a fault was asked for: internal error"),
    };
    Refused {
        retry_after: fault.retry_after,
        ..refused
    }
}

fn refusal(state: &State, refused: &Refused, device: Option<&Device>) -> Refusal {
    Refusal {
        at: state.now(),
        platform: Platform::Wns,
        device: device.map(|device| device.id.clone()),
        status: refused.status.as_u16(),
        reason: refused.reason().to_owned(),
        explanation: refused.explanation.clone(),
    }
}
