//! Firebase Cloud Messaging, HTTP v1, and the token service its key file names.

mod message;
mod shape;
mod sign_in;
mod status;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State as Shared};
use axum::http::{HeaderMap, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

use self::message::Addressed;
use self::sign_in::SignIn;
use self::status::Status;
use super::access::AccessTokens;
use super::exchange::{End, bearer, deliver, header, read};
use crate::credentials::{CredentialError, Opened};
use crate::delivery::{Push, Refusal};
use crate::device::{Device, Platform};
use crate::fault::{Fault, FaultKind};
use crate::random;
use crate::state::State;
use crate::tls::Connection;

struct Fcm {
    state: Arc<State>,
    sign_in: SignIn,
    tokens: AccessTokens<()>,
    project: String,
}

pub(crate) fn router(state: Arc<State>, opened: &Opened) -> Result<Router, CredentialError> {
    let fcm = Arc::new(Fcm {
        state,
        sign_in: SignIn::new(opened)?,
        tokens: AccessTokens::default(),
        project: opened.credentials.fcm.project_id.clone(),
    });
    Ok(Router::new()
        .route("/token", post(sign_in::token))
        .route("/v1/projects/{project}/{action}", post(send))
        .with_state(fcm))
}

async fn send(
    Shared(fcm): Shared<Arc<Fcm>>,
    Extension(connection): Extension<Connection>,
    Path((project, action)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let mut device = None;
    let outcome = async {
        if action != "messages:send" {
            return Err(Status::not_found());
        }
        fcm.authorize(&parts.headers, &project)?;
        let body = body.ok_or_else(|| Status::invalid("message", "The request is too large."))?;
        let addressed = message::read(header(&parts.headers, "content-type"), &body)?;
        let to = fcm.device(&addressed)?;
        device = Some(to.clone());
        fcm.take(&connection, &to, addressed).await
    };
    match outcome.await {
        Ok(name) => Json(json!({ "name": name })).into_response(),
        Err(status) => {
            fcm.state.refuse(refusal(&fcm.state, &status, device.as_ref()));
            status.answer()
        }
    }
}

impl Fcm {
    fn authorize(&self, headers: &HeaderMap, project: &str) -> Result<(), Status> {
        let token = bearer(headers).ok_or_else(Status::unauthenticated)?;
        self.tokens
            .grant(token, self.state.now())
            .ok_or_else(Status::unauthenticated)?;
        if project == self.project {
            Ok(())
        } else {
            Err(Status::wrong_project(project))
        }
    }

    fn device(&self, addressed: &Addressed) -> Result<Device, Status> {
        let found = self.state.device_at(Platform::Fcm, &addressed.address);
        let found = found.filter(
            |device| matches!(&device.channel, crate::Channel::Fcm { kind, .. } if kind == addressed.kind),
        );
        match found {
            Some(device) => Ok(device),
            None if addressed.looks_real() => Err(Status::unregistered("no pretend device has this target")),
            None => Err(Status::invalid_target(addressed.kind)),
        }
    }

    async fn take(
        &self,
        connection: &Connection,
        device: &Device,
        addressed: Addressed,
    ) -> Result<String, Status> {
        if addressed.validate_only {
            return Ok(format!("projects/{}/messages/fake_message_id", self.project));
        }
        let name = format!("projects/{}/messages/0:{}", self.project, random::hex::<12>());
        let push = Push {
            provider_id: name.clone(),
            collapse_key: addressed.collapse_key,
            title: addressed.title,
            body: addressed.body,
            options: addressed.options,
            payload: addressed.message,
        };
        match deliver(&self.state, connection, device, push).await {
            End::Taken => Ok(name),
            End::Fault(fault) => Err(from_fault(&fault)),
        }
    }
}

fn from_fault(fault: &Fault) -> Status {
    let status = match fault.kind {
        FaultKind::Gone => Status::unregistered("a fault was asked for"),
        FaultKind::Throttled => Status::quota_exceeded(),
        FaultKind::ExpiredToken => Status::unauthenticated(),
        FaultKind::Unavailable => Status::unavailable(),
        _ => Status::internal(),
    };
    status.retry_after(fault.retry_after)
}

fn refusal(state: &State, status: &Status, device: Option<&Device>) -> Refusal {
    Refusal {
        at: state.now(),
        platform: Platform::Fcm,
        device: device.map(|device| device.id.clone()),
        status: status.code().as_u16(),
        reason: status.reason().to_owned(),
        explanation: status.explanation(),
    }
}
