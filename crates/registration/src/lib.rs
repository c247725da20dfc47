#![doc = include_str!("../README.md")]

mod channel;
mod draft;
pub mod json;
mod locale;
mod subscription;

pub use channel::shown;
pub use draft::{Draft, WNS_LIFE, to_the_microsecond};
pub use locale::language_tag;
pub use subscription::is_public_key;
