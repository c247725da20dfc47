//! Accounts: signing up, in and out, and what a token of theirs says.

mod authenticate;
mod limits;
mod own;
mod refresh;
mod sessions;
mod sign_in;
mod sign_up;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use cache::limits::Limits as Counter;
use cache::{Cache, EndedSessions, Policy, Redis, Versioned};
use domain::{AccountId, GuestId};
use jiff::Timestamp;
use secrecy::SecretString;
use storage::{Account, NewSession, Opened, Storage};
use uuid::Uuid;

use crate::access_tokens::{self, AccessTokens, Identified};
use crate::{Issuers, Passwords, RefreshToken, ServerKey, TokenKeys, Unavailable};

pub use authenticate::AuthenticationError;
pub use limits::{Limits, TooOften};
pub use own::{Change, ChangeError};
pub use refresh::RefreshError;
pub use sign_in::{Credentials, SignInError};
pub use sign_up::{NewAccount, SignUpError};

/// How long a session lasts that is not used.
pub const SESSION_IDLE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a session lasts at most.
pub const SESSION_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The most characters that are kept of what an app calls itself.
const DEVICE_LENGTH: usize = 200;

/// How many subjects of outside issuers are remembered in process.
const OUTSIDERS: u64 = 10_000;

/// What accounts are built from.
pub struct Parts {
    /// Postgres.
    pub storage: Storage,
    /// Redis of the caches.
    pub redis: Redis,
    /// Redis of records that must not be evicted.
    pub state_redis: Redis,
    /// What refresh tokens are derived with.
    pub key: ServerKey,
    /// What access tokens are signed with.
    pub keys: TokenKeys,
    /// Who issues access tokens: `iss`.
    pub issuer: String,
    /// For whom: `aud`.
    pub audience: String,
    /// Outside issuers whose tokens are believed.
    pub issuers: Issuers,
    /// How often something may be tried.
    pub limits: Limits,
    /// How many passwords are hashed at a time.
    pub hashes_at_once: usize,
    /// Where random bits come from.
    pub random: fn() -> [u8; 32],
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// What the front doors do with accounts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    storage: Storage,
    passwords: Passwords,
    tokens: AccessTokens,
    key: ServerKey,
    ended: EndedSessions,
    counter: Counter,
    scopes: Cache<Vec<GuestId>>,
    issuers: Issuers,
    /// Whose the subjects of outside issuers are, which never changes.
    outsiders: moka::future::Cache<(String, String), AccountId>,
    limits: Limits,
    random: fn() -> [u8; 32],
}

/// Who asks, from where: what tries are counted by, and what the session is called.
#[derive(Debug, Clone)]
pub struct Client {
    /// The client's address; of IPv6 the network that is counted as one client.
    pub address: IpAddr,
    /// What the app calls itself.
    pub device: String,
}

/// Someone who has just proved who he is.
#[derive(Debug)]
pub struct SignedIn {
    /// His account.
    pub account: Account,
    /// His tokens.
    pub tokens: Tokens,
    /// Whether the guest's scope that was shown belongs to the account now; none where none was shown.
    pub guest_added: Option<bool>,
}

/// The tokens of a session.
#[derive(Debug)]
pub struct Tokens {
    /// The access token, good for [`access_tokens::LIFE`].
    pub access: SecretString,
    /// The refresh token.
    pub refresh: SecretString,
    /// When the session ends where the refresh token is not used.
    pub expires_at: Timestamp,
}

impl Accounts {
    /// Needs a Tokio runtime.
    ///
    /// # Errors
    /// Where passwords can't be hashed.
    pub fn start(parts: Parts) -> Result<Self, Unavailable> {
        let salt = first((parts.random)());
        Ok(Self {
            storage: parts.storage,
            passwords: Passwords::new(parts.hashes_at_once, &salt)?,
            tokens: AccessTokens::new(parts.keys, parts.issuer, parts.audience),
            key: parts.key,
            ended: EndedSessions::new(
                parts.state_redis.clone(),
                access_tokens::LIFE + 2 * access_tokens::LEEWAY,
            ),
            counter: Counter::new(parts.state_redis),
            scopes: Cache::new(Policy::SCOPES, parts.redis),
            issuers: parts.issuers,
            outsiders: moka::future::Cache::new(OUTSIDERS),
            limits: parts.limits,
            random: parts.random,
        })
    }

    /// The keys that access tokens are signed with.
    pub fn keys(&self) -> &TokenKeys {
        self.tokens.keys()
    }

    fn salt(&self) -> [u8; 16] {
        first((self.random)())
    }

    fn id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(first((self.random)())).into_uuid()
    }

    /// A session to be opened, with its first refresh token.
    fn new_session(&self, device: &str, now: Timestamp) -> (NewSession, RefreshToken) {
        let token = RefreshToken::new((self.random)());
        let visible = device.chars().filter(|c| !c.is_control());
        let session = NewSession {
            id: self.id(),
            refresh_hash: token.hash(),
            device: visible.take(DEVICE_LENGTH).collect(),
            now,
            expires_at: now + SESSION_IDLE,
            ends_at: now + SESSION_LIFE,
        };
        (session, token)
    }

    /// For someone whose session was opened.
    async fn signed_in(
        &self,
        account: Account,
        session: &NewSession,
        refresh: &RefreshToken,
        opened: Opened,
    ) -> Result<SignedIn, Unavailable> {
        let identified = Identified {
            account: account.id,
            session: Some(session.id),
            role: account.role,
            guests: opened.guests.len() as u64,
        };
        if opened.guest_added == Some(true) {
            // Without it others learn of the scope a little later; this session's token says it.
            let (key, entry) = (key_of(account.id), versioned(opened.guests));
            let _helpful_only = self.scopes.put(&key, entry, None).await;
        }
        Ok(SignedIn {
            tokens: self.tokens_of(&identified, refresh, session.expires_at, session.now)?,
            account,
            guest_added: opened.guest_added,
        })
    }

    fn tokens_of(
        &self,
        identified: &Identified,
        refresh: &RefreshToken,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Tokens, Unavailable> {
        Ok(Tokens {
            access: self.tokens.mint(identified, now, self.id())?.into(),
            refresh: refresh.show().into(),
            expires_at,
        })
    }
}

/// The account's key in the cache of scopes.
fn key_of(account: AccountId) -> String {
    account.to_string()
}

/// Scopes only become more: their number is their version, from 1 on.
fn versioned(guests: Vec<GuestId>) -> Versioned<Vec<GuestId>> {
    Versioned {
        version: guests.len() as u64 + 1,
        value: guests,
    }
}

/// As Postgres keeps it, so that what is answered now is what is read later.
fn in_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn first(bytes: [u8; 32]) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&bytes[..16]);
    first
}
