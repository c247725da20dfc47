//! E-mail addresses of accounts.

use std::fmt;
use std::str::FromStr;

use domain::Invalid;

/// The most characters of an address (RFC 5321, 4.5.3.1.3).
const MOST: usize = 254;
/// The most bytes before the `@` (RFC 5321, 4.5.3.1.1).
const MOST_BEFORE: usize = 64;

/// An address as its owner writes it: trimmed, its domain in lower case. Only a message sent there would prove that it works.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The address itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for all who differ in case only: there is one account for each.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Email {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let invalid = || Invalid::new("must be an e-mail address such as ada@example.org");
        let (before, domain) = text.rsplit_once('@').ok_or_else(invalid)?;
        let unfit = |c: char| c.is_whitespace() || c.is_control() || "@<>()[],;:\\\"".contains(c);
        let label = |label: &str| {
            !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
        };
        let fits = !before.is_empty()
            && before.len() <= MOST_BEFORE
            && !text.replacen('@', "", 1).chars().any(unfit)
            && domain.contains('.')
            && domain.split('.').all(label);
        if !fits || text.chars().count() > MOST {
            return Err(invalid());
        }
        Ok(Self(format!("{before}@{}", domain.to_lowercase())))
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_its_domain_is_in_lower_case() {
        let email: Email = "  Ada.Lovelace@Example.ORG ".parse().unwrap();
        assert_eq!(email.as_str(), "Ada.Lovelace@example.org");
        assert_eq!(email.key(), "ada.lovelace@example.org");
        assert_eq!(format!("{email:?}"), "Email(…)");
    }

    #[test]
    fn what_can_be_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for wrong in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@example",
            "ada@.org",
            "ada@example..org",
            "ada@-example.org",
            "a da@example.org",
            "ada@exa mple.org",
            "ada@b@example.org",
            "Ada <ada@example.org>",
            "ada@example.org\n.",
            &long,
        ] {
            assert!(wrong.parse::<Email>().is_err(), "{wrong}");
        }
    }
}
