//! Personal data, and the order without it.

use jiff::Timestamp;

use super::{Address, Contact, Order};
use crate::idempotency::Fingerprint;
use crate::text::Text;

/// What stands in place of a text that was erased.
const ERASED: &str = "[erased]";

/// An address that reaches nobody (RFC 2606, 2).
const NO_EMAIL: &str = "erased@erased.invalid";

/// Code of an unknown country: ISO 3166-1 leaves it to its users, and CLDR uses it so.
const NO_COUNTRY: &str = "ZZ";

impl Contact {
    /// The contact of an erased order. It has every field, so that readers of any version can read it.
    fn erased() -> Self {
        Self {
            name: Text::fixed(ERASED),
            email: Text::fixed(NO_EMAIL),
            phone: None,
        }
    }
}

impl Address {
    /// The address of an erased order.
    fn erased() -> Self {
        Self {
            street: Text::fixed(ERASED),
            postcode: Text::fixed(ERASED),
            city: Text::fixed(ERASED),
            country: Text::fixed(NO_COUNTRY),
        }
    }
}

impl Order {
    /// Takes out what a person typed or can be found by: contact, address, note, tracking code, the fingerprint of all that, and every
    /// field of a newer version, since it can't be known what stands there. Products, amounts, states, times and the pseudonymous customer stay.
    pub(crate) fn erase(&mut self, at: Timestamp) {
        self.contact = Contact::erased();
        self.shipping_address = Address::erased();
        self.note = None;
        self.tracking = None;
        self.fingerprint = Fingerprint::of(&self.id);
        self.erased_at = Some(at);
        self.unknown.clear();
        for line in &mut self.lines {
            line.unknown.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_place_is_of_the_fields_own_types() {
        let again = |value: serde_json::Value| serde_json::from_value::<Contact>(value).unwrap();
        let contact = Contact::erased();
        assert_eq!(again(serde_json::to_value(&contact).unwrap()), contact);
        let address = Address::erased();
        let read: Address = serde_json::from_value(serde_json::to_value(&address).unwrap()).unwrap();
        assert_eq!(read, address);
    }
}
