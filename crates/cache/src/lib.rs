#![doc = include_str!("../README.md")]

mod breaker;
mod flight;
mod in_process;
pub mod limits;
mod load;
mod notices;
pub mod permissions;
pub mod policy;
mod redis;
pub mod requests;
mod shared;
pub mod versioned;

pub use policy::Policy;
pub use redis::{CacheError, ConnectOptions, Redis};
pub use requests::{Begun, RequestRecords};
pub use versioned::{Cache, Put, Versioned};
