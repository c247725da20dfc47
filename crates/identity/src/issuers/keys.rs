//! The keys of one issuer: found by discovery (OpenID Connect Discovery 1.0, 4), kept, and asked for again when one is unknown.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::{Client, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::warn;

use super::config::{IssuersError, is_safe};
use crate::Unavailable;

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of one answer.
const MOST_BYTES: usize = 256 * 1024;
/// How long keys are used without asking again.
const FRESH: Duration = Duration::from_secs(3600);
/// How soon they may be asked for again: nobody makes us ask by naming keys that there are not.
const PAUSE: Duration = Duration::from_secs(10);

/// A client that goes where it was sent and nowhere else.
pub(super) fn client() -> Result<Client, IssuersError> {
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(TIMEOUT)
        .connect_timeout(TIMEOUT);
    client
        .build()
        .map_err(|error| IssuersError::Client(error.to_string()))
}

/// What discovery says.
#[derive(Debug, Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

/// The keys, as far as they are known.
#[derive(Debug)]
pub(super) struct Keys {
    issuer: String,
    client: Client,
    known: RwLock<Option<(Arc<JwkSet>, Instant)>>,
    /// When they were last asked for. Held while they are.
    asked: Mutex<Option<Instant>>,
}

impl Keys {
    pub(super) fn new(issuer: String, client: Client) -> Self {
        Self {
            issuer,
            client,
            known: RwLock::default(),
            asked: Mutex::default(),
        }
    }

    /// The key of this id, if it is one for `algorithm`. With the issuer away those that are known go on.
    pub(super) async fn find(
        &self,
        id: &str,
        algorithm: Algorithm,
    ) -> Result<Option<DecodingKey>, Unavailable> {
        let known = self.known();
        let missing = known.as_ref().is_none_or(|(keys, _)| keys.find(id).is_none());
        let old = known.as_ref().is_some_and(|(_, at)| at.elapsed() > FRESH);
        if missing || old {
            self.ask(id).await;
        }
        match self.known() {
            Some((keys, _)) => Ok(keys.find(id).and_then(|key| usable(key, algorithm))),
            None => Err(Unavailable(format!("the keys of {} are not known", self.issuer))),
        }
    }

    fn known(&self) -> Option<(Arc<JwkSet>, Instant)> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for the keys, once for all who wait, and not too soon again.
    async fn ask(&self, id: &str) {
        let mut asked = self.asked.lock().await;
        let found = self.known();
        let news = found.is_some_and(|(keys, at)| keys.find(id).is_some() && at.elapsed() <= FRESH);
        if news || asked.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        *asked = Some(Instant::now());
        match self.load().await {
            Ok(keys) => {
                let now = Some((Arc::new(keys), Instant::now()));
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = now;
            }
            Err(error) => {
                metrics::counter!("issuer_keys_failures_total").increment(1);
                warn!(issuer = self.issuer, %error, "an issuer's keys can't be had");
            }
        }
    }

    async fn load(&self) -> Result<JwkSet, Unavailable> {
        let place = format!(
            "{}/.well-known/openid-configuration",
            self.issuer.trim_end_matches('/')
        );
        let discovered: Discovered = self.get(&place).await?;
        if discovered.issuer != self.issuer {
            return Err(Unavailable("it calls itself something else".to_owned()));
        }
        if !is_safe(&discovered.jwks_uri) {
            return Err(Unavailable("its keys are not at a safe address".to_owned()));
        }
        self.get(&discovered.jwks_uri).await
    }

    async fn get<T: DeserializeOwned>(&self, place: &str) -> Result<T, Unavailable> {
        let failed = |error: reqwest::Error| Unavailable(error.without_url().to_string());
        let mut answer = self.client.get(place).send().await.map_err(failed)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(Unavailable(format!("it answered {}", answer.status())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(Unavailable("its answer is too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|error| Unavailable(error.to_string()))
    }
}

/// The key, if it is for signatures and for this algorithm.
fn usable(key: &Jwk, algorithm: Algorithm) -> Option<DecodingKey> {
    let common = &key.common;
    let signs = common
        .public_key_use
        .as_ref()
        .is_none_or(|r#use| *r#use == PublicKeyUse::Signature);
    let fits = common
        .key_algorithm
        .is_none_or(|own| own == KeyAlgorithm::from(algorithm));
    (signs && fits).then(|| DecodingKey::from_jwk(key).ok()).flatten()
}
