//! Who sends: a JWT signed by the key that the browser has subscribed for (RFC 8292).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::answer::Refused;
use crate::device::WEB_PUSH_ORIGIN;
use crate::providers::exchange::header;

/// A token may end this much later at most (RFC 8292, section 2).
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    aud: Option<String>,
    exp: Option<i64>,
    sub: Option<String>,
}

/// Checks the `Authorization` header: `vapid t=<token>, k=<public key>`.
pub(super) fn check(headers: &HeaderMap, public_key: &str, now: Timestamp) -> Result<(), Refused> {
    let (token, key) =
        parts(headers).ok_or_else(|| unauthorized("no `Authorization: vapid t=…, k=…` header"))?;
    let claims: Claims = verified(token, key)?;
    if claims.aud.as_deref() != Some(WEB_PUSH_ORIGIN) {
        return Err(unauthorized(
            "the token's `aud` is not the origin of the endpoint",
        ));
    }
    let ends = claims.exp.and_then(|exp| Timestamp::from_second(exp).ok());
    let ends = ends.ok_or_else(|| unauthorized("the token has no `exp` in seconds"))?;
    if ends <= now {
        return Err(unauthorized("the token has ended"));
    }
    if ends > now + LONGEST {
        return Err(unauthorized("the token's `exp` is more than 24 hours ahead"));
    }
    let whom = claims.sub.unwrap_or_default();
    if !whom.starts_with("mailto:") && !whom.starts_with("https:") {
        return Err(unauthorized("the token's `sub` is no mailto: or https: address"));
    }
    if key.trim_end_matches('=') != public_key {
        let said = "the key is not the one that this browser has subscribed for";
        return Err(Refused::new(403, Some(109), said));
    }
    Ok(())
}

fn parts(headers: &HeaderMap) -> Option<(&str, &str)> {
    let (scheme, parameters) = header(headers, "authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("vapid") {
        return None;
    }
    let value = |name: &str| {
        let mut pairs = parameters
            .split(',')
            .filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    Some((value("t")?, value("k")?))
}

fn verified<T: DeserializeOwned>(token: &str, key: &str) -> Result<T, Refused> {
    let (signed, signature) = token
        .rsplit_once('.')
        .ok_or_else(|| unauthorized("the token is no JWT"))?;
    let (header, claims) = signed
        .split_once('.')
        .ok_or_else(|| unauthorized("the token is no JWT"))?;
    let header: Header = part(header)?;
    if header.alg != "ES256" {
        return Err(unauthorized("the token's `alg` is not ES256"));
    }
    let point = bytes(key).ok_or_else(|| unauthorized("`k` is no base64url"))?;
    let signature = bytes(signature).ok_or_else(|| unauthorized("the signature is no base64url"))?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| unauthorized("the signature does not fit the key `k`"))?;
    part(claims)
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    let json = bytes(text).and_then(|bytes| serde_json::from_slice(&bytes).ok());
    json.ok_or_else(|| unauthorized("the token is no JWT"))
}

/// Some senders pad, though they should not.
fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn unauthorized(explanation: &str) -> Refused {
    Refused::new(401, Some(109), explanation)
}
