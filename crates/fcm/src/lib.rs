#![doc = include_str!("../README.md")]

mod account;
mod answer;
mod client;
mod error;
mod message;
mod retry_after;
mod token;

pub use account::{AccountError, ServiceAccount};
pub use client::{Client, Config, ConfigError, MessageName};
pub use error::FcmError;
pub use message::{Message, MessageBuilder, MessageError, Priority, Target, TargetKind, is_analytics_label};
pub use retry_after::RetryAfter;
