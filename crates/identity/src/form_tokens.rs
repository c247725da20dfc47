//! Form tokens: proof that a form came from a page that this visitor was given.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::GuestId;

use crate::ServerKey;

const PURPOSE: &str = "form";

/// Mints and checks the tokens of forms: 128 bits of HMAC over the visitor's id.
#[derive(Debug, Clone)]
pub struct FormTokens {
    key: ServerKey,
}

impl FormTokens {
    /// Derived from `key`.
    pub fn new(key: ServerKey) -> Self {
        Self { key }
    }

    /// The token for the forms of `visitor`.
    pub fn mint(&self, visitor: GuestId) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.key.seal(PURPOSE, visitor.0.as_bytes()))
    }

    /// Whether `token` is that of `visitor`, in constant time.
    pub fn is_genuine(&self, visitor: GuestId, token: &str) -> bool {
        BASE64_URL_SAFE_NO_PAD
            .decode(token)
            .is_ok_and(|seal| self.key.is_sealed(PURPOSE, visitor.0.as_bytes(), &seal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_form_of_another_visitor_is_refused() {
        let tokens = FormTokens::new("0123456789abcdef".repeat(4).parse().unwrap());
        let (one, other) = (GuestId(Uuid::from_u128(1)), GuestId(Uuid::from_u128(2)));
        let token = tokens.mint(one);
        assert!(tokens.is_genuine(one, &token));
        assert!(!tokens.is_genuine(other, &token));
        assert!(!tokens.is_genuine(one, ""));
    }
}
