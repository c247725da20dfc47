#![doc = include_str!("../README.md")]

mod cursors;
mod form_tokens;
mod guests;
mod key;
mod order_secrets;

pub use cursors::Cursors;
pub use form_tokens::FormTokens;
pub use guests::GuestTokens;
pub use key::{KeyError, ServerKey};
pub use order_secrets::OrderSecrets;

/// What was shown is not genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not genuine")]
pub struct NotGenuine;
