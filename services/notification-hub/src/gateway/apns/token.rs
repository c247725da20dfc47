//! The provider token: a JWT (RFC 7519) that every replica makes alike, without sharing.
//!
//! Apple refuses more than one change of it in 20 minutes and one older than an hour. So its time is rounded to 40 minutes and
//! its signature is deterministic (RFC 6979): the same key at the same time gives the same token everywhere.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;

const TURN_SECONDS: i64 = 40 * 60;
/// A clock that runs ahead of Apple's by less than this never makes a token of the future.
const LAG_SECONDS: i64 = 60;

/// Why a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No PKCS #8 PEM with a P-256 key.
    #[error("the APNs key is no P-256 private key in PEM (the .p8 file Apple gives)")]
    Unreadable,
    /// It could not sign.
    #[error("the APNs key could not sign")]
    Signing,
}

/// Who sends.
#[derive(Clone)]
pub struct ProviderKey {
    key: SigningKey,
    key_id: String,
    team_id: String,
    /// The last one made, with its time: a signature costs more than the rest of a push.
    last: Arc<Mutex<Option<(i64, String)>>>,
}

impl ProviderKey {
    /// Reads the `.p8` file's content.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn from_pem(
        pem: &str,
        key_id: impl Into<String>,
        team_id: impl Into<String>,
    ) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyError::Unreadable)?;
        Ok(Self {
            key,
            key_id: key_id.into(),
            team_id: team_id.into(),
            last: Arc::default(),
        })
    }

    /// The token of `now`: between one and 41 minutes old.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub fn token(&self, now: Timestamp) -> Result<String, KeyError> {
        let issued = issued_at(now);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, token)) = last.as_ref().filter(|(at, _)| *at == issued) {
            return Ok(token.clone());
        }
        let token = self.signed(issued)?;
        *last = Some((issued, token.clone()));
        Ok(token)
    }

    fn signed(&self, issued: i64) -> Result<String, KeyError> {
        let header = serde_json::json!({"alg": "ES256", "kid": self.key_id});
        let claims = serde_json::json!({"iss": self.team_id, "iat": issued});
        let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature: Signature = self
            .key
            .try_sign(signed.as_bytes())
            .map_err(|_| KeyError::Signing)?;
        Ok(format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(signature.to_bytes())
        ))
    }

    /// A time whose token is the next one where this one is at its end, else the same.
    pub(super) fn next_turn(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_second(now.as_second() + LAG_SECONDS).unwrap_or(now)
    }
}

impl fmt::Debug for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderKey")
            .field("key_id", &self.key_id)
            .field("team_id", &self.team_id)
            .finish_non_exhaustive()
    }
}

fn issued_at(now: Timestamp) -> i64 {
    let seconds = now.as_second() - LAG_SECONDS;
    seconds - seconds.rem_euclid(TURN_SECONDS)
}
