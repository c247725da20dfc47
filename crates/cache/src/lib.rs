#![doc = include_str!("../README.md")]

mod breaker;
mod ended_sessions;
mod flight;
mod in_process;
pub mod limits;
mod load;
mod notices;
pub mod pace;
pub mod permissions;
pub mod policy;
mod redis;
pub mod requests;
mod shared;
pub mod versioned;

pub use ended_sessions::EndedSessions;
pub use pace::{Lane, Pace, Rate};
pub use policy::Policy;
pub use redis::{CacheError, ConnectOptions, Redis};
pub use requests::{Begun, RequestRecords};
pub use versioned::{Cache, Put, Versioned};
