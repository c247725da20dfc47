#![doc = include_str!("../README.md")]

mod client;
pub mod commands;
pub mod dead_letters;
pub mod envelope;
pub mod events;
pub mod keys;
pub mod live;
pub mod publisher;
pub mod queues;
mod raw;
pub mod subjects;
pub mod topology;
pub mod worker;

pub use client::{ConnectError, ConnectOptions, Messaging};
pub use dead_letters::{DeadLetter, DeadLetters};
pub use envelope::{Envelope, Message};
pub use publisher::{PublishError, Published};
pub use worker::{Attempts, Delivery, Handler, HandlerError, Outcome, Worker};
