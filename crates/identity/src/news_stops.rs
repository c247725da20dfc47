//! The token in a link that stops product news: who has it may do that, and nothing else.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::Customer;

use crate::{NotGenuine, ServerKey};

const PURPOSE: &str = "stop news";

/// Mints and reads the tokens: 128 bits of HMAC, and the customer that it is over.
#[derive(Debug, Clone)]
pub struct NewsStops {
    key: ServerKey,
}

impl NewsStops {
    /// Derived from `key`.
    pub fn new(key: ServerKey) -> Self {
        Self { key }
    }

    /// The token of `customer`, of characters that can stand in an address. It does not run out: a link in an old mail still works.
    pub fn mint(&self, customer: Customer) -> String {
        let customer = customer.to_string();
        let seal = self.key.seal(PURPOSE, customer.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([seal.as_slice(), customer.as_bytes()].concat())
    }

    /// Whose news `token` stops, compared in constant time.
    ///
    /// # Errors
    /// [`NotGenuine`].
    pub fn read(&self, token: &str) -> Result<Customer, NotGenuine> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| NotGenuine)?;
        let (seal, customer) = bytes.split_at_checked(16).ok_or(NotGenuine)?;
        if !self.key.is_sealed(PURPOSE, customer, seal) {
            return Err(NotGenuine);
        }
        let customer = str::from_utf8(customer).map_err(|_| NotGenuine)?;
        customer.parse().map_err(|_| NotGenuine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FormTokens, GuestTokens, OrderSecrets};
    use domain::{AccountId, GuestId, OrderId};
    use uuid::Uuid;

    fn key(digits: &str) -> ServerKey {
        digits.repeat(4).parse().unwrap()
    }

    #[test]
    fn a_token_is_read_back_under_its_own_key_alone() {
        let stops = NewsStops::new(key("0123456789abcdef"));
        for customer in [
            Customer::Account(AccountId(Uuid::from_u128(1))),
            Customer::Guest(GuestId(Uuid::from_u128(1))),
        ] {
            let token = stops.mint(customer);
            assert_eq!(stops.read(&token), Ok(customer));
            assert!(
                token
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            );
            let other = NewsStops::new(key("fedcba9876543210"));
            assert_eq!(other.read(&token), Err(NotGenuine));
            for at in 0..token.len() {
                let with = if token.as_bytes()[at] == b'A' { "Q" } else { "A" };
                let forged = format!("{}{with}{}", &token[..at], &token[at + 1..]);
                assert_eq!(stops.read(&forged), Err(NotGenuine), "{at}");
            }
        }
    }

    #[test]
    fn nothing_that_was_made_for_another_purpose_stops_news() {
        let key = key("0123456789abcdef");
        let guest = GuestId(Uuid::from_u128(1));
        let stops = NewsStops::new(key.clone());
        for other in [
            GuestTokens::new(key.clone()).mint(guest),
            FormTokens::new(key.clone()).mint(guest),
            OrderSecrets::new(key).mint(OrderId(guest.0)),
            String::new(),
            "ä".into(),
        ] {
            assert_eq!(stops.read(&other), Err(NotGenuine), "{other}");
        }
    }
}
