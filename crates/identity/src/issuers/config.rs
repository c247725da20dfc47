//! What the operator says of outside issuers.

use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};
use storage::Role;
use url::Url;

/// An issuer whose tokens are believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// Its `iss`, letter by letter; its keys are found by discovery below it.
    pub issuer: String,
    /// What has to be among the `aud` of its tokens.
    pub audience: String,
    /// The algorithms that are believed: `RS256`, `ES256` and so on, none with a shared secret.
    pub algorithms: Vec<Algorithm>,
    /// Who works for the shop; nobody where it is not given.
    #[serde(default)]
    pub staff: Option<StaffClaim>,
}

/// A claim by which staff is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffClaim {
    /// Its name: `roles`, `groups`. Dots lead into it: `realm_access.roles`.
    pub claim: String,
    /// Any of these makes staff.
    pub values: Vec<String>,
}

/// Why the file of issuers can't be used.
#[derive(Debug, thiserror::Error)]
pub enum IssuersError {
    /// It is no list of issuers.
    #[error("is not a list of issuers: {0}")]
    Malformed(#[from] serde_json::Error),
    /// An issuer's address is none, or one that anybody on the way could answer for.
    #[error("`{0}` must be an https address without query (http on this machine alone)")]
    Address(String),
    /// No algorithm is named, or one with a shared secret.
    #[error("the algorithms of `{0}` must be some of RS256 to RS512, PS256 to PS512, ES256, ES384 and EdDSA")]
    Algorithms(String),
    /// One is named twice.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// It can't be asked.
    #[error("no issuer can be asked: {0}")]
    Client(String),
}

pub(super) fn read(text: &str) -> Result<Vec<IssuerConfig>, IssuersError> {
    let issuers: Vec<IssuerConfig> = serde_json::from_str(text)?;
    for (place, config) in issuers.iter().enumerate() {
        let name = || config.issuer.clone();
        if !is_safe(&config.issuer) {
            return Err(IssuersError::Address(name()));
        }
        let secret = |algorithm: &Algorithm| {
            matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
        };
        if config.algorithms.is_empty() || config.algorithms.iter().any(secret) {
            return Err(IssuersError::Algorithms(name()));
        }
        if issuers[..place].iter().any(|other| other.issuer == config.issuer) {
            return Err(IssuersError::Twice(name()));
        }
    }
    Ok(issuers)
}

/// Whether what is answered there can be believed: over TLS, or from this machine.
pub(super) fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

impl IssuerConfig {
    /// The role that a token's claims give.
    pub(super) fn role(&self, claims: &Map<String, Value>) -> Role {
        let found = self.staff.as_ref().and_then(|staff| {
            let mut names = staff.claim.split('.');
            let first = claims.get(&staff.claim).or_else(|| {
                let first = claims.get(names.next()?)?;
                names.try_fold(first, |value, name| value.get(name))
            });
            first.map(|value| (value, &staff.values))
        });
        let is_staff = found.is_some_and(|(value, wanted)| match value {
            Value::String(one) => wanted.contains(one),
            Value::Array(many) => many
                .iter()
                .filter_map(Value::as_str)
                .any(|one| wanted.iter().any(|value| value == one)),
            _ => false,
        });
        if is_staff { Role::Staff } else { Role::Customer }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(issuer: &str, algorithms: &[&str]) -> Result<Vec<IssuerConfig>, IssuersError> {
        let config = json!([{ "issuer": issuer, "audience": "api", "algorithms": algorithms,
                              "staff": { "claim": "realm.roles", "values": ["shop"] } }]);
        read(&config.to_string())
    }

    #[test]
    fn what_could_be_forged_on_the_way_or_with_a_public_key_is_refused() {
        assert!(one("https://login.example/tenant", &["RS256", "ES256"]).is_ok());
        assert!(one("http://127.0.0.1:8080", &["ES256"]).is_ok());
        for (issuer, algorithms) in [
            ("http://login.example", &["RS256"][..]),
            ("http://127.0.0.1.example", &["RS256"]),
            ("https://login.example?x", &["RS256"]),
            ("login.example", &["RS256"]),
            ("https://login.example", &[]),
            ("https://login.example", &["HS256"]),
            ("https://login.example", &["RS256", "HS512"]),
            ("https://login.example", &["none"]),
        ] {
            assert!(one(issuer, algorithms).is_err(), "{issuer} {algorithms:?}");
        }
    }

    #[test]
    fn a_claim_makes_staff_alone_or_in_a_list() {
        let config = &one("https://login.example", &["RS256"]).unwrap()[0];
        let role = |claims: Value| config.role(claims.as_object().unwrap());
        assert_eq!(role(json!({ "realm": { "roles": ["x", "shop"] } })), Role::Staff);
        assert_eq!(role(json!({ "realm.roles": "shop" })), Role::Staff);
        for claims in [
            json!({}),
            json!({ "roles": ["shop"] }),
            json!({ "realm": { "roles": ["shopper"] } }),
            json!({ "realm": { "roles": { "shop": true } } }),
            json!({ "realm": "shop" }),
        ] {
            assert_eq!(role(claims.clone()), Role::Customer, "{claims}");
        }
    }
}
