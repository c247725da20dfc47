//! The secret in an order's link: who has it may see the order.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{Access, OrderId};

use crate::{NotGenuine, ServerKey};

const PURPOSE: &str = "order";

/// Mints and checks orders' secrets: 128 bits of HMAC over the order's id.
#[derive(Debug, Clone)]
pub struct OrderSecrets {
    key: ServerKey,
}

impl OrderSecrets {
    /// Derived from `key`.
    pub fn new(key: ServerKey) -> Self {
        Self { key }
    }

    /// The secret of `order`: 22 characters that can stand in an address. The same for every retry.
    pub fn mint(&self, order: OrderId) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.key.seal(PURPOSE, order.0.as_bytes()))
    }

    /// The access that `secret` gives, compared in constant time.
    ///
    /// # Errors
    /// [`NotGenuine`].
    pub fn open(&self, order: OrderId, secret: &str) -> Result<Access, NotGenuine> {
        let seal = BASE64_URL_SAFE_NO_PAD.decode(secret).map_err(|_| NotGenuine)?;
        if self.key.is_sealed(PURPOSE, order.0.as_bytes(), &seal) {
            Ok(Access::Link(order))
        } else {
            Err(NotGenuine)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_secret_opens_its_own_order_only() {
        let secrets = OrderSecrets::new("0123456789abcdef".repeat(4).parse().unwrap());
        let (one, other) = (OrderId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)));
        let secret = secrets.mint(one);
        assert_eq!(secret.len(), 22);
        assert_eq!(secrets.open(one, &secret), Ok(Access::Link(one)));
        assert_eq!(secrets.open(other, &secret), Err(NotGenuine));
        assert_eq!(secrets.open(one, ""), Err(NotGenuine));
        assert_eq!(secrets.open(one, &secret[..21]), Err(NotGenuine));
    }
}
