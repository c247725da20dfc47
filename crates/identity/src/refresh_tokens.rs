//! Refresh tokens: 256 random bits, of which the server keeps the SHA-256 only.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use crate::{NotGenuine, ServerKey};

const PREFIX: &str = "wbr_";
const PURPOSE: &str = "refresh";

/// A refresh token. It does not show itself.
#[derive(Debug)]
pub struct RefreshToken(SecretBox<[u8; 32]>);

impl RefreshToken {
    /// Of 256 random bits.
    pub fn new(bits: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bits)))
    }

    /// Reads what a client shows.
    ///
    /// # Errors
    /// [`NotGenuine`] where it has another shape.
    pub fn read(text: &str) -> Result<Self, NotGenuine> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotGenuine)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotGenuine)?;
        bytes.try_into().map(Self::new).map_err(|_| NotGenuine)
    }

    /// As the client keeps it: `wbr_` and 43 characters.
    pub fn show(&self) -> String {
        format!(
            "{PREFIX}{}",
            BASE64_URL_SAFE_NO_PAD.encode(self.0.expose_secret())
        )
    }

    /// As the server keeps it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret()).into()
    }

    /// The token that takes its place: the same each time, so that a client whose answer was lost is given it again.
    pub fn successor(&self, key: &ServerKey) -> Self {
        Self::new(key.derive(PURPOSE, self.0.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_shows_itself_to_nobody_else() {
        let token = RefreshToken::new([7; 32]);
        let shown = token.show();
        assert!(shown.starts_with("wbr_") && shown.len() == 47, "{shown}");
        assert_eq!(RefreshToken::read(&shown).unwrap().hash(), token.hash());
        assert!(!format!("{token:?}").contains('7'));
        for wrong in ["", "wbr_", &shown[4..], &shown[..46], "wbg_AAAA"] {
            assert_eq!(RefreshToken::read(wrong).err(), Some(NotGenuine), "{wrong}");
        }
    }

    #[test]
    fn a_successor_is_derived_and_can_be_told_from_nothing_without_the_key() {
        let token = RefreshToken::new([7; 32]);
        let key = |digits: &str| digits.repeat(4).parse().unwrap();
        let (one, other) = (key("0123456789abcdef"), key("fedcba9876543210"));
        assert_eq!(token.successor(&one).show(), token.successor(&one).show());
        assert_ne!(token.successor(&one).show(), token.successor(&other).show());
        assert_ne!(token.successor(&one).show(), token.show());
    }
}
