//! Access tokens: RFC 7523, a signed JWT exchanged for a bearer token.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{FcmError, RetryAfter, ServiceAccount};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ASSERTION_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// A token is renewed this long before it ends, so that none ends on the way.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(2);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: i64,
}

struct Cached {
    token: Arc<str>,
    expires: Timestamp,
}

/// The one access token of a client, fetched once for all who wait.
pub(crate) struct TokenSource {
    account: ServiceAccount,
    cached: Mutex<Option<Cached>>,
}

impl TokenSource {
    pub(crate) fn new(account: ServiceAccount) -> Self {
        Self {
            account,
            cached: Mutex::new(None),
        }
    }

    /// A token that is good for some minutes.
    pub(crate) async fn token(&self, http: &reqwest::Client, now: Timestamp) -> Result<Arc<str>, FcmError> {
        let mut cached = self.cached.lock().await;
        if let Some(cached) = cached
            .as_ref()
            .filter(|cached| now + RENEW_BEFORE < cached.expires)
        {
            return Ok(cached.token.clone());
        }
        let fresh = self.fetch(http, now).await?;
        let token = fresh.token.clone();
        *cached = Some(fresh);
        Ok(token)
    }

    /// Forgets a token that was refused, unless another one has taken its place.
    pub(crate) async fn forget(&self, refused: &str) {
        let mut cached = self.cached.lock().await;
        if cached.as_ref().is_some_and(|cached| &*cached.token == refused) {
            *cached = None;
        }
    }

    async fn fetch(&self, http: &reqwest::Client, now: Timestamp) -> Result<Cached, FcmError> {
        let assertion = self.assertion(now)?;
        let response = http
            .post(self.account.token_uri.clone())
            .form(&[("grant_type", GRANT_TYPE), ("assertion", &assertion)])
            .send()
            .await
            .map_err(not_sent)?;
        let status = response.status();
        if !status.is_success() {
            return Err(refused(status, response, now).await);
        }
        let answer: Answer = response.json().await.map_err(not_sent)?;
        let expires = now + SignedDuration::from_secs(answer.expires_in.clamp(0, 86_400));
        Ok(Cached {
            token: answer.access_token.into(),
            expires,
        })
    }

    fn assertion(&self, now: Timestamp) -> Result<String, FcmError> {
        let account = &self.account;
        let header = Header {
            kid: Some(account.key_id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        let claims = Claims {
            iss: &account.client_email,
            scope: SCOPE,
            aud: account.token_uri.as_str(),
            iat: now.as_second(),
            exp: (now + ASSERTION_LIFETIME).as_second(),
        };
        jsonwebtoken::encode(&header, &claims, &account.key).map_err(|error| FcmError::Unauthenticated {
            message: format!("cannot sign with the key: {error}"),
        })
    }
}

/// Without a token nothing was sent, so a silent token service is never an unknown outcome.
fn not_sent(error: reqwest::Error) -> FcmError {
    if error.is_connect() {
        return FcmError::Unreachable(error);
    }
    FcmError::Unavailable {
        message: format!("the token service did not answer: {error}"),
        retry_after: None,
    }
}

async fn refused(status: StatusCode, response: reqwest::Response, now: Timestamp) -> FcmError {
    let retry_after = retry_after(&response, now);
    let message = format!(
        "the token service answered {status}: {}",
        response.text().await.unwrap_or_default()
    );
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return FcmError::Unavailable { message, retry_after };
    }
    FcmError::Unauthenticated { message }
}

pub(crate) fn retry_after(response: &reqwest::Response, now: Timestamp) -> Option<RetryAfter> {
    RetryAfter::parse(response.headers().get("retry-after")?.to_str().ok()?, now)
}
