//! Access tokens that a pretend sign-in has handed out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::random;

/// More than any sender needs; above it the ended ones are forgotten, then all.
const MOST: usize = 10_000;

/// Bearer tokens and what each may be used for.
pub(crate) struct AccessTokens<T>(Mutex<HashMap<String, (Timestamp, T)>>);

impl<T> Default for AccessTokens<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Copy> AccessTokens<T> {
    /// A new token, good for that long.
    pub(crate) fn issue(&self, prefix: &str, grant: T, lifetime: SignedDuration, now: Timestamp) -> String {
        let token = format!("{prefix}{}", random::text::<96>());
        let mut tokens = self.lock();
        if tokens.len() >= MOST {
            tokens.retain(|_, (ends, _)| *ends > now);
        }
        if tokens.len() >= MOST {
            tokens.clear();
        }
        tokens.insert(token.clone(), (now + lifetime, grant));
        token
    }

    /// What the token may be used for; none when it is unknown or has ended.
    pub(crate) fn grant(&self, token: &str, now: Timestamp) -> Option<T> {
        self.lock()
            .get(token)
            .filter(|(ends, _)| *ends > now)
            .map(|(_, grant)| *grant)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
