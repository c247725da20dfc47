//! Who may connect to NATS, and the keys (nkeys, Ed25519) by which the server knows them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use nkeys::{KeyPair, KeyPairType};
use secrecy::{ExposeSecret, SecretString};

/// Who connects to NATS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum User {
    /// The web shop.
    WebFrontend,
    /// The REST API.
    RestApi,
    /// The single writer of orders.
    OrderProcessor,
    /// The sender of pushes.
    NotificationHub,
    /// `waybillctl`: may do everything.
    Operator,
}

impl User {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::WebFrontend,
        Self::RestApi,
        Self::OrderProcessor,
        Self::NotificationHub,
        Self::Operator,
    ];

    /// The service's name: `rest-api`.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebFrontend => "web-frontend",
            Self::RestApi => "rest-api",
            Self::OrderProcessor => "order-processor",
            Self::NotificationHub => "notification-hub",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is no user's.
    #[error(
        "there is no user `{0}`; the users are web-frontend, rest-api, order-processor, notification-hub, operator"
    )]
    UnknownUser(String),
    /// It is no user's public nkey.
    #[error("is not a user's public nkey: `U` and 55 letters and digits")]
    NotPublic,
    /// It is no user's seed. The text is not repeated: it may be another secret.
    #[error("is not a user's nkey seed: `SU` and 56 letters and digits")]
    NotSeed,
    /// A user has none.
    #[error("{0} has no key")]
    Missing(User),
}

impl FromStr for User {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let found = Self::ALL.into_iter().find(|user| user.name() == text);
        found.ok_or_else(|| KeyError::UnknownUser(text.to_owned()))
    }
}

/// The half of a key that the server is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(String);

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match KeyPair::from_public_key(text) {
            Ok(pair) if pair.key_pair_type() == KeyPairType::User => Ok(Self(text.to_owned())),
            _ => Err(KeyError::NotPublic),
        }
    }
}

/// The half of a key that its user keeps.
#[derive(Debug, Clone)]
pub struct Seed(SecretString);

impl Seed {
    /// One that nobody had before.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn fresh() -> Result<Self, KeyError> {
        let seed = KeyPair::new_user().seed().map_err(|_| KeyError::NotSeed)?;
        Ok(Self(seed.into()))
    }

    /// Reads one; space around it is left out.
    ///
    /// # Errors
    /// [`KeyError::NotSeed`].
    pub fn parse(text: &SecretString) -> Result<Self, KeyError> {
        let seed = text.expose_secret().trim();
        pair(seed)?;
        Ok(Self(seed.to_owned().into()))
    }

    /// What the server is to know it by.
    ///
    /// # Errors
    /// None for a seed that was read or made here.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        pair(self.0.expose_secret()).map(|pair| PublicKey(pair.public_key()))
    }

    /// Its text, for a file that only its user reads.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

fn pair(seed: &str) -> Result<KeyPair, KeyError> {
    match KeyPair::from_seed(seed) {
        Ok(pair) if pair.key_pair_type() == KeyPairType::User => Ok(pair),
        _ => Err(KeyError::NotSeed),
    }
}

/// A key for every user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<User, PublicKey>);

impl PublicKeys {
    /// Where every user has one.
    ///
    /// # Errors
    /// [`KeyError::Missing`].
    pub fn new(keys: BTreeMap<User, PublicKey>) -> Result<Self, KeyError> {
        match User::ALL.into_iter().find(|user| !keys.contains_key(user)) {
            Some(user) => Err(KeyError::Missing(user)),
            None => Ok(Self(keys)),
        }
    }

    /// Every user with his key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (User, &PublicKey)> {
        self.0.iter().map(|(user, key)| (*user, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_a_public_key_and_neither_is_taken_for_the_other() {
        let seed = Seed::fresh().unwrap();
        let public = seed.public_key().unwrap().to_string();
        assert!(public.parse::<PublicKey>().is_ok());
        let again = Seed::parse(&format!(" {}\n", seed.secret().expose_secret()).into()).unwrap();
        assert_eq!(again.public_key().unwrap().to_string(), public);
        assert_eq!(Seed::parse(&public.into()).unwrap_err(), KeyError::NotSeed);
        assert!(seed.secret().expose_secret().parse::<PublicKey>().is_err());
        assert_eq!(
            KeyPair::new_account().public_key().parse::<PublicKey>(),
            Err(KeyError::NotPublic)
        );
        assert!(!format!("{seed:?}").contains(seed.secret().expose_secret()));
    }

    #[test]
    fn every_user_needs_a_key() {
        let none = PublicKeys::new(BTreeMap::new()).unwrap_err();
        assert_eq!(none, KeyError::Missing(User::WebFrontend));
        assert!("mallory".parse::<User>().is_err());
        for user in User::ALL {
            assert_eq!(user.name().parse(), Ok(user));
        }
    }
}
