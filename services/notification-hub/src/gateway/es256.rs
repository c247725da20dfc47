//! Signed tokens (JWT, RFC 7519) by ES256, for APNs and for Web Push.
//!
//! The signature is deterministic (RFC 6979): the same claims make the same token on every replica, without sharing.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use serde_json::Value;

/// Why a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No PKCS #8 PEM with a P-256 key.
    #[error("is no P-256 private key in PEM (PKCS #8, it begins with BEGIN PRIVATE KEY)")]
    Unreadable,
    /// It could not sign.
    #[error("the key could not sign")]
    Signing,
}

/// A private key of P-256.
#[derive(Clone)]
pub struct Es256(SigningKey);

impl Es256 {
    /// Reads a PEM file's content.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(pem)
            .map(Self)
            .map_err(|_| KeyError::Unreadable)
    }

    /// The token that says `claims`.
    ///
    /// # Errors
    /// [`KeyError::Signing`].
    pub(super) fn token(&self, header: &Value, claims: &Value) -> Result<String, KeyError> {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature: Signature = self
            .0
            .try_sign(signed.as_bytes())
            .map_err(|_| KeyError::Signing)?;
        Ok(format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(signature.to_bytes())
        ))
    }

    /// The public half: an uncompressed point, in base64url.
    pub(super) fn public_key(&self) -> String {
        let point = self.0.verifying_key().to_sec1_point(false);
        URL_SAFE_NO_PAD.encode(point.as_bytes())
    }
}

impl fmt::Debug for Es256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Es256")
    }
}
