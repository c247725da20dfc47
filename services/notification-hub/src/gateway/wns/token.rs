//! Access tokens for WNS, in either of the two ways to sign in. They are not interchangeable.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::gateway::Answer;
use crate::gateway::transport::{retry_after, words};

const APP_SDK_SCOPE: &str = "https://wns.windows.com/.default";
const UWP_SCOPE: &str = "notify.windows.com";
const UWP_TOKEN_URL: &str = "https://login.live.com/accesstoken.srf";
const ENTRA: &str = "https://login.microsoftonline.com/";
/// A token is renewed this long before it ends, so that none ends on the way.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_mins(2);
/// As long as a token is thought to last where the answer does not say.
const LIFETIME_SECONDS: i64 = 3_600;

/// Who sends.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Windows App SDK: an application registered with Microsoft Entra.
    AppSdk {
        /// The directory's id.
        tenant: String,
        /// The application's id.
        client_id: String,
        /// Its secret.
        secret: SecretString,
    },
    /// UWP: a package of the store.
    Uwp {
        /// Its security identifier, `ms-app://…`.
        package_sid: String,
        /// Its secret.
        secret: SecretString,
    },
}

impl Credentials {
    /// Microsoft's address for these credentials.
    ///
    /// # Errors
    /// Where the tenant can't stand in an address.
    pub fn token_url(&self) -> Result<Url, url::ParseError> {
        match self {
            Self::AppSdk { tenant, .. } => Url::parse(ENTRA)?.join(&format!("{tenant}/oauth2/v2.0/token")),
            Self::Uwp { .. } => Url::parse(UWP_TOKEN_URL),
        }
    }

    fn form(&self) -> [(&'static str, &str); 4] {
        let (id, secret, scope) = match self {
            Self::AppSdk {
                client_id, secret, ..
            } => (client_id, secret, APP_SDK_SCOPE),
            Self::Uwp { package_sid, secret } => (package_sid, secret, UWP_SCOPE),
        };
        [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret.expose_secret()),
            ("scope", scope),
        ]
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds, as a number or as text.
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl Granted {
    fn lifetime(&self) -> SignedDuration {
        let seconds = self
            .expires_in
            .as_i64()
            .or_else(|| self.expires_in.as_str()?.parse().ok());
        SignedDuration::from_secs(seconds.unwrap_or(LIFETIME_SECONDS).clamp(0, 30 * 86_400))
    }
}

/// The one access token, fetched once for all who wait.
pub struct Tokens {
    credentials: Credentials,
    url: Url,
    cached: Mutex<Option<(String, Timestamp)>>,
}

impl Tokens {
    /// Tokens for `credentials` from `url`.
    pub fn new(credentials: Credentials, url: Url) -> Self {
        Self {
            credentials,
            url,
            cached: Mutex::new(None),
        }
    }

    /// A token that is good for some minutes.
    pub(super) async fn token(&self, http: &Client, now: Timestamp) -> Result<String, Answer> {
        let mut cached = self.cached.lock().await;
        if let Some((token, _)) = cached.as_ref().filter(|(_, ends)| now + RENEW_BEFORE < *ends) {
            return Ok(token.clone());
        }
        let granted = self.fetch(http, now).await?;
        let ends = now.saturating_add(granted.lifetime()).unwrap_or(now);
        *cached = Some((granted.access_token.clone(), ends));
        Ok(granted.access_token)
    }

    /// Forgets a token that was refused, unless another one has taken its place.
    pub(super) async fn forget(&self, refused: &str) {
        let mut cached = self.cached.lock().await;
        if cached.as_ref().is_some_and(|(token, _)| token == refused) {
            *cached = None;
        }
    }

    async fn fetch(&self, http: &Client, now: Timestamp) -> Result<Granted, Answer> {
        let sent = http
            .post(self.url.clone())
            .form(&self.credentials.form())
            .send()
            .await;
        let response = sent.map_err(|error| silent(&error))?;
        if !response.status().is_success() {
            return Err(refused(response, now).await);
        }
        response.json().await.map_err(|error| silent(&error))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

/// Without a token no push was sent, so silence here is never an unknown outcome.
fn silent(error: &reqwest::Error) -> Answer {
    Answer::Retry {
        after: None,
        why: format!("no access token for WNS: {}", words(error)),
    }
}

async fn refused(response: Response, now: Timestamp) -> Answer {
    let (status, after) = (response.status(), retry_after(&response, now));
    let said: String = response
        .text()
        .await
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    let why = format!("no access token for WNS: {status} {said}");
    if status.is_server_error() || status.as_u16() == 429 {
        Answer::Retry { after, why }
    } else {
        Answer::Barred { why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app_sdk() -> Credentials {
        Credentials::AppSdk {
            tenant: "tenant-1".into(),
            client_id: "client".into(),
            secret: "secret".into(),
        }
    }

    fn uwp() -> Credentials {
        Credentials::Uwp {
            package_sid: "ms-app://S-1-15-2-1".into(),
            secret: "secret".into(),
        }
    }

    #[test]
    fn each_sign_in_has_its_own_address_and_scope() {
        let expected = "https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token";
        assert_eq!(app_sdk().token_url().unwrap().as_str(), expected);
        assert_eq!(
            uwp().token_url().unwrap().as_str(),
            "https://login.live.com/accesstoken.srf"
        );
        assert!(
            app_sdk()
                .form()
                .contains(&("scope", "https://wns.windows.com/.default"))
        );
        assert!(uwp().form().contains(&("scope", "notify.windows.com")));
        assert!(uwp().form().contains(&("client_id", "ms-app://S-1-15-2-1")));
    }

    #[test]
    fn secrets_are_not_shown_when_printed() {
        assert!(!format!("{:?}", app_sdk()).contains("\"secret\""));
    }

    #[test]
    fn a_lifetime_is_read_as_number_or_text() {
        let granted = |json: &str| {
            serde_json::from_str::<Granted>(json)
                .unwrap()
                .lifetime()
                .as_secs()
        };
        assert_eq!(granted(r#"{"access_token":"t","expires_in":86400}"#), 86_400);
        assert_eq!(granted(r#"{"access_token":"t","expires_in":"3599"}"#), 3_599);
        assert_eq!(granted(r#"{"access_token":"t"}"#), LIFETIME_SECONDS);
    }
}
