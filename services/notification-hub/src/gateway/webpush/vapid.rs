//! Who sends: a token per push service, signed by the key that browsers have subscribed for (RFC 8292).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::json;
use url::Url;

use crate::gateway::es256::{Es256, KeyError};

/// A token is made anew at every turn, so that it is good for 12 to 18 hours; a push service takes 24 at most.
const TURN_SECONDS: i64 = 6 * 3_600;
const LIFETIME_SECONDS: i64 = 18 * 3_600;
/// As long is one good that is made because the last was refused.
const SHORT_LIFETIME_SECONDS: i64 = 3_600;
/// There are few push services; above this somebody makes them up.
const MOST_ORIGINS: usize = 256;

/// The tokens of one key, made once for each push service.
#[derive(Debug)]
pub struct Vapid {
    key: Es256,
    public_key: String,
    subject: String,
    made: Mutex<HashMap<String, Made>>,
}

#[derive(Clone)]
struct Made {
    until: i64,
    token: String,
}

/// Without the token.
impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl Vapid {
    /// Tokens of `key`. A push service that has something to say turns to `subject`, a `mailto:` or `https:` address.
    pub fn new(key: Es256, subject: impl Into<String>) -> Self {
        Self {
            public_key: key.public_key(),
            key,
            subject: subject.into(),
            made: Mutex::default(),
        }
    }

    /// The public half of the key, in base64url: what an app subscribes with.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The `Authorization` for the push service of `endpoint`.
    ///
    /// # Errors
    /// Where the key can't sign.
    pub(super) fn authorization(&self, endpoint: &Url, now: Timestamp) -> Result<String, KeyError> {
        let origin = endpoint.origin().ascii_serialization();
        let kept = self
            .made()
            .get(&origin)
            .filter(|made| made.until > now.as_second())
            .cloned();
        let token = match kept {
            Some(made) => made.token,
            None => {
                let turn = now.as_second() - now.as_second().rem_euclid(TURN_SECONDS);
                self.make(origin, turn + LIFETIME_SECONDS, turn + TURN_SECONDS)?
            }
        };
        Ok(format!("vapid t={token}, k={}", self.public_key))
    }

    /// Makes another token in the place of one that was refused.
    ///
    /// # Errors
    /// Where the key can't sign.
    pub(super) fn renew(&self, endpoint: &Url, now: Timestamp) -> Result<(), KeyError> {
        let origin = endpoint.origin().ascii_serialization();
        let ends = now.as_second() + SHORT_LIFETIME_SECONDS;
        self.make(origin, ends, now.as_second() + SHORT_LIFETIME_SECONDS / 2)?;
        Ok(())
    }

    fn make(&self, origin: String, ends: i64, until: i64) -> Result<String, KeyError> {
        let claims = json!({"aud": origin, "exp": ends, "sub": self.subject});
        let token = self.key.token(&json!({"typ": "JWT", "alg": "ES256"}), &claims)?;
        let mut made = self.made();
        if made.len() >= MOST_ORIGINS {
            made.clear();
        }
        let kept = token.clone();
        made.insert(origin, Made { until, token: kept });
        Ok(token)
    }

    fn made(&self) -> std::sync::MutexGuard<'_, HashMap<String, Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
