#![doc = include_str!("../README.md")]

pub mod admin;
pub mod args;
pub mod clock;
pub mod connect;
mod exit;
pub mod health;
pub mod http;
pub mod lifecycle;
pub mod servers;
pub mod telemetry;

pub use exit::exit_code;
pub use health::{Check, Health};
pub use lifecycle::Lifecycle;
