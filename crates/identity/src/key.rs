//! The server's key.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The key that tokens and secrets are derived from: 32 bytes, the same for every replica of the front doors.
/// As text 64 hexadecimal digits.
#[derive(Clone)]
pub struct ServerKey(std::sync::Arc<SecretBox<[u8; 32]>>);

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal digits that are not all the same; make one with: openssl rand -hex 32")]
pub struct KeyError;

impl FromStr for ServerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.trim().as_bytes();
        if text.len() != 64 || text.iter().all(|digit| *digit == text[0]) {
            return Err(KeyError);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| KeyError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| KeyError)?;
        }
        Ok(Self(std::sync::Arc::new(SecretBox::new(Box::new(bytes)))))
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(…)")
    }
}

impl ServerKey {
    /// 128 bits of HMAC-SHA-256 over `message`, in a domain of its own per `purpose`.
    pub(crate) fn seal(&self, purpose: &str, message: &[u8]) -> [u8; 16] {
        let mut seal = [0; 16];
        seal.copy_from_slice(&self.derive(purpose, message)[..16]);
        seal
    }

    /// HMAC-SHA-256 over `message`, in a domain of its own per `purpose`.
    pub(crate) fn derive(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    /// Whether `seal` is that of `message`, in constant time.
    pub(crate) fn is_sealed(&self, purpose: &str, message: &[u8], seal: &[u8]) -> bool {
        self.seal(purpose, message).ct_eq(seal).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_anyone_could_guess_is_refused() {
        assert!("0".repeat(64).parse::<ServerKey>().is_err());
        assert!("secret".parse::<ServerKey>().is_err());
        assert!("0123456789abcdef".repeat(4).parse::<ServerKey>().is_ok());
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key: ServerKey = "0123456789abcdef".repeat(4).parse().unwrap();
        assert_eq!(format!("{key:?}"), "ServerKey(…)");
    }
}
