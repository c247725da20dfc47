#![doc = include_str!("../README.md")]

pub mod access_tokens;
pub mod accounts;
mod cursors;
mod email;
mod errors;
mod form_tokens;
mod guests;
pub mod issuers;
mod key;
mod news_stops;
mod order_secrets;
mod passwords;
mod refresh_tokens;
#[cfg(test)]
mod testing;
mod token_keys;

pub use access_tokens::{AccessTokens, Identified};
pub use accounts::{Accounts, Limits};
pub use cursors::Cursors;
pub use email::Email;
pub use errors::Unavailable;
pub use form_tokens::FormTokens;
pub use guests::GuestTokens;
pub use issuers::Issuers;
pub use key::{KeyError, ServerKey};
pub use news_stops::NewsStops;
pub use order_secrets::OrderSecrets;
pub use passwords::{Password, Passwords};
pub use refresh_tokens::RefreshToken;
pub use token_keys::{KeySet, KeysError, TokenKeys};

/// What was shown is not genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not genuine")]
pub struct NotGenuine;
