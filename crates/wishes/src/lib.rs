#![doc = include_str!("../README.md")]

mod happened;
mod key;
mod topic;
mod wish;

pub use happened::Happened;
pub use topic::{InvalidTopic, KNOWN, Topic};
pub use wish::{InvalidWish, Wish};
