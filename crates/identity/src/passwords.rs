//! Passwords: argon2id with OWASP's costs, on blocking threads, so many at once as the machine can bear.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use domain::Invalid;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::Unavailable;

/// Characters (Unicode scalar values) of a password.
const LENGTH: std::ops::RangeInclusive<usize> = 10..=200;

/// How long a hash waits for its turn before the caller is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane (Password Storage Cheat Sheet).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A password that somebody chose: long enough, and of whatever characters he likes.
#[derive(Clone)]
pub struct Password(SecretString);

impl FromStr for Password {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if LENGTH.contains(&text.chars().count()) {
            return Ok(Self(text.into()));
        }
        let (least, most) = (LENGTH.start(), LENGTH.end());
        Err(Invalid::new(format!("must have {least} to {most} characters")))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Hashes and checks passwords. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Each hash takes 19 MiB and a core.
    turns: Arc<Semaphore>,
    /// What a password is checked against where there is no account, so that the answer takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// Hashes at most `at_once` passwords at a time.
    ///
    /// # Errors
    /// Where the costs can't be met.
    pub fn new(at_once: usize, salt: &[u8; 16]) -> Result<Self, Unavailable> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
        let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let nobody = hash(&argon2, "nobody has this password", salt)?;
        Ok(Self {
            argon2,
            turns: Arc::new(Semaphore::new(at_once.max(1))),
            nobody: nobody.into(),
        })
    }

    /// The hash of `password` with `salt`, as a PHC string.
    ///
    /// # Errors
    /// [`Unavailable`] where too many wait already.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, Unavailable> {
        let argon2 = self.argon2.clone();
        self.in_turn(move || hash(&argon2, password.0.expose_secret(), &salt))
            .await?
    }

    /// Whether `password` is the one of the stored hash. Without one it is not, which takes as long to say.
    ///
    /// # Errors
    /// [`Unavailable`] where too many wait already, or the hash can't be read.
    pub async fn is_right(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool, Unavailable> {
        let (argon2, nobody) = (self.argon2.clone(), Arc::clone(&self.nobody));
        self.in_turn(move || {
            let hash = PasswordHash::new(stored.as_deref().unwrap_or(&nobody)).map_err(failed)?;
            // An endless text would be work for nothing: nobody could have chosen it.
            let text = password.expose_secret();
            let text = if text.len() > 4 * LENGTH.end() { "" } else { text };
            let right = argon2.verify_password(text.as_bytes(), &hash).is_ok();
            Ok(right && stored.is_some())
        })
        .await?
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            metrics::counter!("password_hashes_refused_total").increment(1);
            return Err(Unavailable("too many passwords wait to be hashed".to_owned()));
        };
        // The turn goes with the work, not with the one who waits for it: who hangs up frees no memory.
        let work = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        work.await.map_err(failed)
    }
}

fn hash(argon2: &Argon2<'_>, password: &str, salt: &[u8; 16]) -> Result<String, Unavailable> {
    let hash: PasswordHash = argon2
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

fn failed(error: impl fmt::Display) -> Unavailable {
    Unavailable(format!("a password can't be hashed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::new(2, &[1; 16]).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_stored_as_argon2id_with_owasps_costs_and_found_right() {
        let passwords = passwords();
        let hash = passwords
            .hash("correct horse".parse().unwrap(), [7; 16])
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let right = async |text: &str, stored| passwords.is_right(text.into(), stored).await.unwrap();
        assert!(right("correct horse", Some(hash.clone())).await);
        assert!(!right("correct horsf", Some(hash)).await);
        assert!(!right("nobody has this password", None).await);
    }

    #[tokio::test]
    async fn where_no_turn_comes_the_caller_is_told() {
        let passwords = passwords();
        let _all = passwords.turns.acquire_many(2).await.unwrap();
        tokio::time::pause();
        let refused = passwords.is_right("correct horse".into(), None).await;
        assert!(refused.is_err());
    }

    #[test]
    fn a_password_has_ten_characters_and_no_rules() {
        assert!("aaaaaaaaaa".parse::<Password>().is_ok());
        assert!("ä".repeat(200).parse::<Password>().is_ok());
        assert!("aaaaaaaaa".parse::<Password>().is_err());
        assert!("a".repeat(201).parse::<Password>().is_err());
    }
}
