#![doc = include_str!("../README.md")]

mod client;
pub mod commands;
pub mod dead_letters;
pub mod envelope;
pub mod events;
pub mod keys;
pub mod live;
pub mod passing;
pub mod publisher;
pub mod queues;
mod raw;
mod request;
mod scan;
pub mod schedules;
pub mod subjects;
pub mod subscriptions;
pub mod together;
mod told;
pub mod topology;
pub mod worker;

pub use client::{ConnectError, ConnectOptions, Messaging};
pub use dead_letters::{DeadLetter, DeadLetters, Letters};
pub use envelope::{Envelope, Message};
pub use publisher::{PublishError, Published};
pub use schedules::{ScheduleError, Schedules};
pub use subscriptions::Subscriptions;
pub use together::TogetherError;
pub use told::{Told, Waiting};
pub use worker::{Attempts, Delivery, Handler, HandlerError, Outcome, Worker};
