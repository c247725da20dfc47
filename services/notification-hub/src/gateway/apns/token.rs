//! The provider token: a JWT (RFC 7519) that every replica makes alike, without sharing.
//!
//! Apple refuses more than one change of it in 20 minutes and one older than an hour. So its time is rounded to 40 minutes and
//! its signature is deterministic (RFC 6979): the same key at the same time gives the same token everywhere.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::gateway::es256::{Es256, KeyError};

const TURN_SECONDS: i64 = 40 * 60;
/// A clock that runs ahead of Apple's by less than this never makes a token of the future.
const LAG_SECONDS: i64 = 60;

/// Who sends.
#[derive(Debug, Clone)]
pub struct ProviderKey {
    key: Es256,
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
        Ok(Self {
            key: Es256::from_pem(pem)?,
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
        self.key.token(&header, &claims)
    }

    /// A time whose token is the next one where this one is at its end, else the same.
    pub(super) fn next_turn(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_second(now.as_second() + LAG_SECONDS).unwrap_or(now)
    }
}

fn issued_at(now: Timestamp) -> i64 {
    let seconds = now.as_second() - LAG_SECONDS;
    seconds - seconds.rem_euclid(TURN_SECONDS)
}
