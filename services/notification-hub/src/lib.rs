#![doc = include_str!("../README.md")]

pub mod announce;
pub mod app;
pub mod args;
mod attempts;
pub mod bundle;
pub mod campaigns;
pub mod deliver;
pub mod feedback;
pub mod gateway;
pub mod mail;
pub mod news;
pub mod notification;
mod pacing;
pub mod planned;
pub mod platforms;
pub mod queue;
pub mod texts;
mod together;
pub mod wishes;

use messaging::HandlerError;
use storage::StorageError;

/// A database out of reach is no attempt of any message; one that refuses is.
fn unavailable(error: StorageError) -> HandlerError {
    match error {
        StorageError::Unavailable(why) => HandlerError::Unavailable(why),
        other => HandlerError::Failed(other.to_string()),
    }
}
