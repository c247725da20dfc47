//! Guests: a random scope, minted once and carried in a signed token.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::GuestId;
use uuid::Uuid;

use crate::{NotGenuine, ServerKey};

const PREFIX: &str = "wbg_";
const PURPOSE: &str = "guest";

/// Mints and reads guests' tokens.
#[derive(Debug, Clone)]
pub struct GuestTokens {
    key: ServerKey,
}

impl GuestTokens {
    /// Sealed with `key`.
    pub fn new(key: ServerKey) -> Self {
        Self { key }
    }

    /// The token of `guest`: `wbg_` and 43 characters. The same for the same guest.
    pub fn mint(&self, guest: GuestId) -> String {
        let id = guest.0.as_bytes();
        let token = [id.as_slice(), &self.key.seal(PURPOSE, id)].concat();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(token))
    }

    /// The guest that `token` was minted for.
    ///
    /// # Errors
    /// [`NotGenuine`].
    pub fn read(&self, token: &str) -> Result<GuestId, NotGenuine> {
        let encoded = token.strip_prefix(PREFIX).ok_or(NotGenuine)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| NotGenuine)?;
        let (id, seal) = bytes.split_at_checked(16).ok_or(NotGenuine)?;
        if !self.key.is_sealed(PURPOSE, id, seal) {
            return Err(NotGenuine);
        }
        Uuid::from_slice(id).map(GuestId).map_err(|_| NotGenuine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(key: &str) -> GuestTokens {
        GuestTokens::new(key.repeat(4).parse().unwrap())
    }

    proptest! {
        #[test]
        fn a_token_is_read_back(id: u128) {
            let guest = GuestId(Uuid::from_u128(id));
            let tokens = tokens("0123456789abcdef");
            prop_assert_eq!(tokens.read(&tokens.mint(guest)), Ok(guest));
        }

        #[test]
        fn a_token_with_one_character_changed_is_refused(id: u128, at in 4..46_usize, with in "[A-Za-z0-9_-]") {
            let tokens = tokens("0123456789abcdef");
            let token = tokens.mint(GuestId(Uuid::from_u128(id)));
            let forged = format!("{}{with}{}", &token[..at], &token[at + 1..]);
            prop_assume!(forged != token);
            prop_assert_eq!(tokens.read(&forged), Err(NotGenuine));
        }

        #[test]
        fn no_text_breaks_the_reader(text: String) {
            prop_assert_eq!(tokens("0123456789abcdef").read(&text), Err(NotGenuine));
        }
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        let token = tokens("0123456789abcdef").mint(GuestId(Uuid::from_u128(7)));
        assert_eq!(tokens("fedcba9876543210").read(&token), Err(NotGenuine));
    }
}
