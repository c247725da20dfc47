#![doc = include_str!("../README.md")]

mod api;
pub mod app;
pub mod args;
pub mod check;
pub mod fault;
mod fleet;
mod history;
mod latency;
mod load;
pub mod perf;
mod shopping;
pub mod wishes;

pub use api::{Answer, Api, Guest, Snapshot};
pub use check::{Expectations, Violation, check};
pub use fleet::{Fleet, Group, Taken, Tally};
pub use history::{History, Record, What, read};
pub use latency::Latency;
pub use load::{Load, Pace, Progress, Report};
pub use shopping::Shopping;
