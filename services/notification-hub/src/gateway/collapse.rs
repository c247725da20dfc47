//! What replaces what on a device: one key, in the form that each service takes.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// APNs: `apns-collapse-id` has at most 64 bytes.
pub(super) fn collapse_id(key: &str) -> String {
    fitted(key, 64, |byte| byte.is_ascii_graphic())
}

/// WNS: `X-WNS-Tag` has at most 16 letters and digits.
pub(super) fn tag(key: &str) -> String {
    fitted(key, 16, |byte| byte.is_ascii_alphanumeric())
}

/// Web Push: `Topic` has at most 32 characters of base64url (RFC 8030, section 5.4).
pub(super) fn topic(key: &str) -> String {
    fitted(key, 32, |byte| {
        byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
    })
}

/// The key itself where it fits, else the beginning of its hash, in hexadecimal.
fn fitted(key: &str, most: usize, allowed: impl Fn(u8) -> bool) -> String {
    if (1..=most).contains(&key.len()) && key.bytes().all(allowed) {
        return key.to_owned();
    }
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(key) {
        // Writing to a string can't fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash.truncate(most);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_fits_stays_as_it_is() {
        assert_eq!(topic("campaign-42_a"), "campaign-42_a");
        assert_eq!(tag("order42"), "order42");
        assert_eq!(
            collapse_id("018f0000-0000-8000-8000-000000000002"),
            "018f0000-0000-8000-8000-000000000002"
        );
    }

    #[test]
    fn any_other_is_hashed_to_the_same_always() {
        let order = "018f0000-0000-8000-8000-000000000002";
        assert_eq!((topic(order).len(), tag(order).len()), (32, 16));
        assert_eq!(topic(order), topic(order));
        assert_ne!(tag(order), tag("018f0000-0000-8000-8000-000000000003"));
        for odd in ["", "a b", "Tee für zwei", &"x".repeat(65)] {
            for (fitted, most) in [(collapse_id(odd), 64), (tag(odd), 16), (topic(odd), 32)] {
                assert_eq!(fitted.len(), most, "{odd}");
                assert!(fitted.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{odd}");
            }
        }
    }
}
