#![doc = include_str!("../README.md")]

mod channel;
mod draft;
pub mod json;
mod locale;

pub use draft::{Draft, WNS_LIFE};
pub use locale::language_tag;
