//! The keys that access tokens are signed with: several at once, so that they rotate with overlap.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use tokio::time::{MissedTickBehavior, interval};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a file gives no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// It can't be read.
    #[error("{0}")]
    Unreadable(String),
    /// It holds no key.
    #[error(
        "holds no `PRIVATE KEY`; make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
    )]
    Empty,
    /// One of its keys is of another kind.
    #[error("key {0} is no private key of the curve P-256 in PKCS #8 (`BEGIN PRIVATE KEY`)")]
    Foreign(usize),
}

/// One key.
struct Key {
    id: String,
    signs: EncodingKey,
    checks: DecodingKey,
    public: Jwk,
}

/// Keys, the first of which signs; all are served and accepted.
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads private keys of the curve P-256 in PEM, one after another.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn from_pem(text: &str) -> Result<Self, KeysError> {
        const END: &str = "-----END PRIVATE KEY-----";
        let blocks = text.split_inclusive(END);
        let blocks = blocks.filter_map(|block| block.find("-----BEGIN ").map(|from| &block[from..]));
        let keys: Vec<Key> = blocks
            .enumerate()
            .map(|(place, block)| key(block).ok_or(KeysError::Foreign(place + 1)))
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(KeysError::Empty);
        }
        Ok(Self(keys))
    }

    /// Their public halves, as a JSON Web Key Set (RFC 7517).
    pub fn public(&self) -> JwkSet {
        JwkSet {
            keys: self.0.iter().map(|key| key.public.clone()).collect(),
        }
    }

    /// The key that signs, and its id.
    pub(crate) fn signing(&self) -> (&str, &EncodingKey) {
        (&self.0[0].id, &self.0[0].signs)
    }

    /// The key of this id.
    pub(crate) fn checking(&self, id: &str) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.id == id).map(|key| &key.checks)
    }
}

fn key(pem: &str) -> Option<Key> {
    let signs = EncodingKey::from_ec_pem(pem.as_bytes()).ok()?;
    let mut public = Jwk::from_encoding_key(&signs, Algorithm::ES256).ok()?;
    // RFC 7638: the same key has the same id everywhere.
    let id = public.thumbprint(ThumbprintHash::SHA256).ok()?;
    public.common.key_id = Some(id.clone());
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    let checks = DecodingKey::from_jwk(&public).ok()?;
    Some(Key {
        id,
        signs,
        checks,
        public,
    })
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

/// The keys of a file, read again when it changes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenKeys {
    path: Arc<PathBuf>,
    read: Arc<RwLock<Read>>,
}

/// What the file said when it was last read.
#[derive(Debug)]
struct Read {
    keys: Arc<KeySet>,
    /// What was last found in the file, good or broken: each change is told once.
    text: Result<secrecy::SecretString, String>,
}

impl TokenKeys {
    /// The keys of the file at `path`.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(path: PathBuf) -> Result<Self, KeysError> {
        let text =
            std::fs::read_to_string(&path).map_err(|error| KeysError::Unreadable(error.to_string()))?;
        let keys = Arc::new(KeySet::from_pem(&text)?);
        let text = Ok(text.into());
        Ok(Self {
            path: Arc::new(path),
            read: Arc::new(RwLock::new(Read { keys, text })),
        })
    }

    /// The keys as they stand.
    pub fn now(&self) -> Arc<KeySet> {
        Arc::clone(&self.read.read().unwrap_or_else(PoisonError::into_inner).keys)
    }

    /// Looks every few seconds whether the file has changed. Never ends. A broken file leaves the keys as they were.
    pub async fn follow(self) {
        let mut turns = interval(LOOK_EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let text = tokio::fs::read_to_string(self.path.as_path()).await;
            self.heed(text.map_err(|error| error.to_string()));
        }
    }

    /// Takes over what the file says, if that is new. Gives whether there are other keys now.
    fn heed(&self, text: Result<String, String>) -> bool {
        use secrecy::ExposeSecret;
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        let known = match (&read.text, &text) {
            (Ok(before), Ok(now)) => before.expose_secret() == now,
            (Err(before), Err(now)) => before == now,
            _ => false,
        };
        if known {
            return false;
        }
        let keys = match &text {
            Ok(text) => KeySet::from_pem(text),
            Err(error) => Err(KeysError::Unreadable(error.clone())),
        };
        read.text = text.map(Into::into);
        match keys {
            Ok(keys) => {
                tracing::info!(?keys, "the keys of access tokens were read anew");
                read.keys = Arc::new(keys);
                true
            }
            Err(error) => {
                metrics::counter!("token_keys_broken_total").increment(1);
                tracing::error!(path = %self.path.display(), %error, "the keys of access tokens stay as they were: the file");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::pem;

    #[test]
    fn the_first_key_signs_and_all_are_served() {
        let (old, new) = (pem(), pem());
        let keys = KeySet::from_pem(&format!("# the new one\n{new}\n{old}")).unwrap();
        let alone = KeySet::from_pem(&new).unwrap();
        assert_eq!(keys.signing().0, alone.signing().0);
        let public = serde_json::to_value(keys.public()).unwrap();
        let served = public["keys"].as_array().unwrap();
        assert_eq!(served.len(), 2);
        for key in served {
            assert_eq!(
                (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
                (&"EC".into(), &"P-256".into(), &"ES256".into(), &"sig".into())
            );
            assert!(key.get("d").is_none(), "a private key is served");
        }
    }

    #[test]
    fn what_is_no_key_of_the_curve_is_refused() {
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        for (text, error) in [
            (String::new(), KeysError::Empty),
            ("hush".to_owned(), KeysError::Empty),
            (other.serialize_pem(), KeysError::Foreign(1)),
            (
                format!("{}{}", pem(), pem().replace("PRIVATE", "PUBLIC")),
                KeysError::Foreign(2),
            ),
            (
                pem().replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE"),
                KeysError::Foreign(1),
            ),
        ] {
            assert_eq!(KeySet::from_pem(&text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
        let folder = devstack::testing::folder().unwrap();
        let path = folder.path().join("keys.pem");
        let (old, new) = (pem(), pem());
        std::fs::write(&path, &old).unwrap();
        let keys = TokenKeys::open(path).unwrap();
        let first = keys.now().signing().0.to_owned();
        assert!(!keys.heed(Ok(old.clone())));
        for broken in [Ok("hush".to_owned()), Err("gone".to_owned())] {
            assert!(!keys.heed(broken));
            assert_eq!(keys.now().signing().0, first);
        }
        assert!(keys.heed(Ok(format!("{new}{old}"))));
        assert_ne!(keys.now().signing().0, first);
        assert!(keys.now().checking(&first).is_some());
    }
}
