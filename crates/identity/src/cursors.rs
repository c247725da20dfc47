//! Positions in lists, as clients carry them: opaque, and ours.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::{NotGenuine, ServerKey};

/// Seals and reads cursors.
#[derive(Debug, Clone)]
pub struct Cursors {
    key: ServerKey,
}

impl Cursors {
    /// Sealed with `key`.
    pub fn new(key: ServerKey) -> Self {
        Self { key }
    }

    /// The cursor of `position` in `list`, of characters that an address may have. That of another list is none of this one.
    pub fn seal(&self, list: &str, position: &str) -> String {
        let seal = self.key.seal(&purpose(list), position.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([seal.as_slice(), position.as_bytes()].concat())
    }

    /// The position that `cursor` was made of.
    ///
    /// # Errors
    /// [`NotGenuine`].
    pub fn read(&self, list: &str, cursor: &str) -> Result<String, NotGenuine> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| NotGenuine)?;
        let (seal, position) = bytes.split_at_checked(16).ok_or(NotGenuine)?;
        if !self.key.is_sealed(&purpose(list), position, seal) {
            return Err(NotGenuine);
        }
        String::from_utf8(position.to_vec()).map_err(|_| NotGenuine)
    }
}

fn purpose(list: &str) -> String {
    format!("cursor of {list}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cursors(key: &str) -> Cursors {
        Cursors::new(key.repeat(4).parse().unwrap())
    }

    proptest! {
        #[test]
        fn a_position_is_read_back_from_its_own_list_alone(position: String) {
            let cursors = cursors("0123456789abcdef");
            let cursor = cursors.seal("orders", &position);
            prop_assert_eq!(cursors.read("orders", &cursor), Ok(position));
            prop_assert_eq!(cursors.read("products", &cursor), Err(NotGenuine));
        }

        #[test]
        fn no_text_is_a_cursor(text: String) {
            prop_assert_eq!(cursors("0123456789abcdef").read("orders", &text), Err(NotGenuine));
        }
    }

    #[test]
    fn a_cursor_that_was_changed_or_is_of_another_key_is_refused() {
        let cursor = cursors("0123456789abcdef").seal("orders", "position");
        assert_eq!(
            cursors("fedcba9876543210").read("orders", &cursor),
            Err(NotGenuine)
        );
        for at in 0..cursor.len() {
            let with = if cursor.as_bytes()[at] == b'A' { "Q" } else { "A" };
            let forged = format!("{}{with}{}", &cursor[..at], &cursor[at + 1..]);
            assert_eq!(
                cursors("0123456789abcdef").read("orders", &forged),
                Err(NotGenuine)
            );
        }
    }
}
