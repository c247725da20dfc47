//! The two ways to an access token. They are not interchangeable: each token opens only its own channels.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::json;

use super::Wns;
use crate::delivery::Refusal;
use crate::device::{Platform, WnsSignIn};
use crate::providers::exchange::{form, read};

const UWP_LIFETIME_SECONDS: i64 = 86_400;
const APP_SDK_LIFETIME_SECONDS: i64 = 3_599;

struct Wanted<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    scope: &'a str,
}

struct Refused(StatusCode, &'static str, &'static str);

/// `login.live.com/accesstoken.srf`: the package's security identifier and secret.
pub(super) async fn uwp(Shared(wns): Shared<Arc<Wns>>, request: Request<Body>) -> Response {
    let own = &wns.credentials.uwp;
    let wanted = Wanted {
        client_id: &own.client_id,
        client_secret: &own.client_secret,
        scope: &own.scope,
    };
    let refused = check(request, &wanted).await.err();
    answer(&wns, WnsSignIn::Uwp, UWP_LIFETIME_SECONDS, refused.as_ref())
}

/// `login.microsoftonline.com/{tenant}/oauth2/v2.0/token`: an application of the tenant.
pub(super) async fn app_sdk(
    Shared(wns): Shared<Arc<Wns>>,
    Path(tenant): Path<String>,
    request: Request<Body>,
) -> Response {
    let own = &wns.credentials.app_sdk;
    let wanted = Wanted {
        client_id: &own.client_id,
        client_secret: &own.client_secret,
        scope: &own.scope,
    };
    let refused = if tenant == own.tenant_id {
        check(request, &wanted).await.err()
    } else {
        Some(Refused(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "AADSTS90002: Tenant not found.",
        ))
    };
    answer(
        &wns,
        WnsSignIn::AppSdk,
        APP_SDK_LIFETIME_SECONDS,
        refused.as_ref(),
    )
}

async fn check(request: Request<Body>, wanted: &Wanted<'_>) -> Result<(), Refused> {
    let (parts, body) = request.into_parts();
    let bad = |error, said| Err(Refused(StatusCode::BAD_REQUEST, error, said));
    let fields = match read(body).await {
        Some(body) => form(&parts.headers, &body),
        None => None,
    };
    let Some(fields) = fields else {
        return bad("invalid_request", "The body is no form.");
    };
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    if field("grant_type") != "client_credentials" {
        return bad("unsupported_grant_type", "grant_type must be client_credentials.");
    }
    if field("scope") != wanted.scope {
        return bad(
            "invalid_scope",
            "The scope is not the one of this way to sign in.",
        );
    }
    if field("client_id") != wanted.client_id || field("client_secret") != wanted.client_secret {
        return Err(Refused(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "Invalid client id or secret.",
        ));
    }
    Ok(())
}

fn answer(wns: &Wns, sign_in: WnsSignIn, lifetime: i64, refused: Option<&Refused>) -> Response {
    let now = wns.state.now();
    let Some(Refused(status, error, description)) = refused else {
        wns.state.signed_in();
        let token = wns
            .tokens
            .issue("", sign_in, SignedDuration::from_secs(lifetime), now);
        let answer = json!({"token_type": "Bearer", "expires_in": lifetime, "access_token": token});
        return Json(answer).into_response();
    };
    wns.state.refuse(Refusal {
        at: now,
        platform: Platform::Wns,
        device: None,
        status: status.as_u16(),
        reason: (*error).to_owned(),
        explanation: (*description).to_owned(),
    });
    (
        *status,
        Json(json!({ "error": error, "error_description": description })),
    )
        .into_response()
}
