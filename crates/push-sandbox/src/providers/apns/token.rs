//! The provider token: a JWT, ES256, at most an hour old, changed at most once in 20 minutes.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::reason::{Reason, Refused};
use crate::credentials::CredentialError;
use crate::providers::exchange::bearer;

const LIFETIME: SignedDuration = SignedDuration::from_hours(1);
const CHANGE_EVERY: SignedDuration = SignedDuration::from_mins(20);
/// How far a sender's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    iat: Option<i64>,
}

/// Checks provider tokens of one key.
pub(super) struct ProviderTokens {
    key: DecodingKey,
    key_id: String,
    team_id: String,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Each with when it was issued and when it was first seen.
    tokens: Vec<(String, Timestamp, Timestamp)>,
    changed: Option<Timestamp>,
}

impl ProviderTokens {
    pub(super) fn new(public_pem: &str, key_id: &str, team_id: &str) -> Result<Self, CredentialError> {
        let key = DecodingKey::from_ec_pem(public_pem.as_bytes())?;
        Ok(Self {
            key,
            key_id: key_id.to_owned(),
            team_id: team_id.to_owned(),
            seen: Mutex::default(),
        })
    }

    pub(super) fn check(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), Refused> {
        let token = bearer(headers).ok_or(Refused::of(
            Reason::MissingProviderToken,
            "no `authorization: bearer <token>` header",
        ))?;
        // A signature is looked at once: senders repeat their token with every request.
        let issued = match self.known(token) {
            Some(issued) => issued,
            None => self.verified(token)?,
        };
        if issued > now + AHEAD {
            return Err(invalid("`iat` lies in the future"));
        }
        if issued + LIFETIME < now {
            return Err(Refused::of(
                Reason::ExpiredProviderToken,
                "`iat` is more than an hour ago",
            ));
        }
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(token, issued, now)
    }

    fn known(&self, token: &str) -> Option<Timestamp> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.tokens.iter().find(|(known, ..)| known == token);
        known.map(|(_, issued, _)| *issued)
    }

    fn verified(&self, token: &str) -> Result<Timestamp, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid("the token is no JWT"))?;
        if header.alg != Algorithm::ES256 {
            return Err(invalid("the token's `alg` is not ES256"));
        }
        if header.kid.as_deref() != Some(&self.key_id) {
            return Err(invalid("the token's `kid` is not the key's id"));
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &lenient(Algorithm::ES256))
            .map_err(|_| invalid("the signature does not fit the key"))?
            .claims;
        if claims.iss.as_deref() != Some(&self.team_id) {
            return Err(invalid("the token's `iss` is not the team's id"));
        }
        let issued = claims.iat.and_then(|iat| Timestamp::from_second(iat).ok());
        issued.ok_or_else(|| invalid("the token has no `iat` in seconds"))
    }
}

impl Seen {
    /// The first token is no change; a second one is; a third within 20 minutes of that is one too many.
    fn note(&mut self, token: &str, issued: Timestamp, now: Timestamp) -> Result<(), Refused> {
        self.tokens.retain(|(.., first)| *first + LIFETIME + AHEAD > now);
        if self.tokens.iter().any(|(seen, ..)| seen == token) {
            return Ok(());
        }
        if !self.tokens.is_empty() {
            if self.changed.is_some_and(|changed| changed + CHANGE_EVERY > now) {
                return Err(Refused::of(
                    Reason::TooManyProviderTokenUpdates,
                    "the provider token changed twice within 20 minutes",
                ));
            }
            self.changed = Some(now);
        }
        self.tokens.push((token.to_owned(), issued, now));
        Ok(())
    }
}

/// Checks nothing but the signature: the rest is checked here, by the sandbox's clock.
pub(crate) fn lenient(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

fn invalid(explanation: &str) -> Refused {
    Refused::of(Reason::InvalidProviderToken, explanation)
}
