//! The token service: a signed JWT for an access token, RFC 7523 as Google does it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::json;

use super::Fcm;
use crate::credentials::{CredentialError, Opened};
use crate::delivery::Refusal;
use crate::device::Platform;
use crate::providers::apns::lenient;
use crate::providers::exchange::{form, read};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
];
const LIFETIME_SECONDS: i64 = 3_599;
const LONGEST_ASSERTION_SECONDS: i64 = 3_600;
/// How far a sender's clock may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Checks assertions of the one service account.
pub(super) struct SignIn {
    key: DecodingKey,
    key_id: String,
    email: String,
    audience: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    scope: String,
    iat: i64,
    exp: i64,
}

struct Refused(&'static str, String);

pub(super) async fn token(Shared(fcm): Shared<Arc<Fcm>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let now = fcm.state.now();
    let fields = match read(body).await {
        Some(body) => form(&parts.headers, &body),
        None => None,
    };
    let checked = fields
        .ok_or_else(|| Refused("invalid_request", "Bad Request: no form".to_owned()))
        .and_then(|fields| fcm.sign_in.check(&fields, now));
    match checked {
        Ok(()) => {
            fcm.state.signed_in();
            let token = fcm
                .tokens
                .issue("ya29.", (), SignedDuration::from_secs(LIFETIME_SECONDS), now);
            let answer =
                json!({"access_token": token, "expires_in": LIFETIME_SECONDS, "token_type": "Bearer"});
            Json(answer).into_response()
        }
        Err(Refused(error, description)) => {
            fcm.state.refuse(Refusal {
                at: now,
                platform: Platform::Fcm,
                device: None,
                status: 400,
                reason: error.to_owned(),
                explanation: description.clone(),
            });
            let answer = json!({ "error": error, "error_description": description });
            (StatusCode::BAD_REQUEST, Json(answer)).into_response()
        }
    }
}

impl SignIn {
    pub(super) fn new(opened: &Opened) -> Result<Self, CredentialError> {
        Ok(Self {
            key: DecodingKey::from_rsa_pem(opened.fcm_public_pem.as_bytes())?,
            key_id: opened.fcm_key_id.clone(),
            email: opened.fcm_email.clone(),
            audience: opened.fcm_token_uri.clone(),
        })
    }

    fn check(&self, fields: &[(String, String)], now: Timestamp) -> Result<(), Refused> {
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        if field("grant_type") != GRANT_TYPE {
            let said = format!("Invalid grant_type: {}", field("grant_type"));
            return Err(Refused("unsupported_grant_type", said));
        }
        let claims = self.verified(field("assertion"))?;
        if claims.iss != self.email {
            return Err(grant("Invalid grant: account not found"));
        }
        if claims.aud != self.audience {
            return Err(grant("Invalid JWT: Failed audience check."));
        }
        let (issued, ends) = (
            Timestamp::from_second(claims.iat),
            Timestamp::from_second(claims.exp),
        );
        let timely =
            matches!((issued, ends), (Ok(issued), Ok(ends)) if issued <= now + SKEW && ends + SKEW > now);
        if !timely || claims.exp <= claims.iat || claims.exp - claims.iat > LONGEST_ASSERTION_SECONDS {
            return Err(grant(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check \
                 your iat and exp values in the JWT claim.",
            ));
        }
        if !claims.scope.split(' ').any(|scope| SCOPES.contains(&scope)) {
            return Err(Refused(
                "invalid_scope",
                "Invalid OAuth scope or ID token audience provided.".to_owned(),
            ));
        }
        Ok(())
    }

    fn verified(&self, assertion: &str) -> Result<Claims, Refused> {
        let header =
            jsonwebtoken::decode_header(assertion).map_err(|_| grant("Invalid JWT: it can't be read."))?;
        if header.alg != Algorithm::RS256 || header.kid.as_ref().is_some_and(|kid| *kid != self.key_id) {
            return Err(grant("Invalid JWT Signature."));
        }
        jsonwebtoken::decode::<Claims>(assertion, &self.key, &lenient(Algorithm::RS256))
            .map(|token| token.claims)
            .map_err(|_| grant("Invalid JWT Signature."))
    }
}

fn grant(description: &str) -> Refused {
    Refused("invalid_grant", description.to_owned())
}
