//! Outside issuers of OpenID Connect tokens that the operator named: their tokens are believed as ours are.

mod config;
mod keys;

use std::sync::Arc;

use jiff::Timestamp;
use jsonwebtoken::{Validation, dangerous, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use storage::Role;

use crate::access_tokens::LEEWAY;
use crate::{NotGenuine, Unavailable};

pub use config::{IssuerConfig, IssuersError};
use keys::Keys;

/// The most characters of a subject (OpenID Connect Core, 2).
const SUBJECT_LENGTH: usize = 255;

/// Whom an outside token is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outsider {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) role: Role,
}

/// Why nobody is found by a token.
#[derive(Debug)]
pub(crate) enum NobodyFound {
    /// It is of no issuer that is believed, or not genuine, not for us, or not good now.
    NotGenuine,
    /// The issuer's keys can't be had.
    Unavailable(Unavailable),
}

impl From<Unavailable> for NobodyFound {
    fn from(why: Unavailable) -> Self {
        Self::Unavailable(why)
    }
}

impl From<NotGenuine> for NobodyFound {
    fn from(_: NotGenuine) -> Self {
        Self::NotGenuine
    }
}

/// The issuers that are believed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Issuers(Arc<[Issuer]>);

#[derive(Debug)]
struct Issuer {
    config: IssuerConfig,
    keys: Keys,
}

/// What an outside token says that every one of them must say; the rest is looked at by name.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// What is read of a token before it is known to be genuine: only to find out by whose keys to check it.
#[derive(Debug, Deserialize)]
struct Claimed {
    iss: String,
}

impl Issuers {
    /// Those of a file's JSON: a list of [`IssuerConfig`]. Nothing is fetched yet.
    ///
    /// # Errors
    /// [`IssuersError`].
    pub fn from_json(text: &str) -> Result<Self, IssuersError> {
        let client = keys::client()?;
        let issuers = config::read(text)?.into_iter().map(|config| Issuer {
            keys: Keys::new(config.issuer.clone(), client.clone()),
            config,
        });
        Ok(Self(issuers.collect()))
    }

    /// Whose `token` is at `now`.
    pub(crate) async fn identify(&self, token: &str, now: Timestamp) -> Result<Outsider, NobodyFound> {
        let header = decode_header(token).map_err(|_| NotGenuine)?;
        let claimed: Claimed = dangerous::insecure_decode_claims(token).map_err(|_| NotGenuine)?;
        let issuer = self.0.iter().find(|issuer| issuer.config.issuer == claimed.iss);
        let issuer = issuer.ok_or(NotGenuine)?;
        if !issuer.config.algorithms.contains(&header.alg) || header.crit.is_some() {
            return Err(NobodyFound::NotGenuine);
        }
        let key_id = header.kid.ok_or(NotGenuine)?;
        let key = issuer.keys.find(&key_id, header.alg).await?.ok_or(NotGenuine)?;
        let mut rules = Validation::new(header.alg);
        rules.set_issuer(&[&issuer.config.issuer]);
        rules.set_audience(&[&issuer.config.audience]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = decode::<Claims>(token, &key, &rules)
            .map_err(|_| NotGenuine)?
            .claims;
        issuer.admit(claims, now).ok_or(NobodyFound::NotGenuine)
    }
}

impl Issuer {
    fn admit(&self, claims: Claims, now: Timestamp) -> Option<Outsider> {
        let (now, leeway) = (now.as_second(), LEEWAY.as_secs().cast_signed());
        let begun = |at: Option<i64>| at.is_none_or(|at| at <= now.saturating_add(leeway));
        let good = now < claims.exp.saturating_add(leeway) && begun(claims.nbf) && begun(claims.iat);
        let subject = 1..=SUBJECT_LENGTH;
        let named = subject.contains(&claims.sub.chars().count()) && !claims.sub.contains('\0');
        (good && named).then(|| Outsider {
            issuer: self.config.issuer.clone(),
            role: self.config.role(&claims.other),
            subject: claims.sub,
        })
    }
}
