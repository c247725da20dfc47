#![doc = include_str!("../README.md")]

pub mod cli;
pub mod ports;
pub mod process;
pub mod programs;
pub mod proxy;
pub mod servers;
pub mod stack;
pub mod testing;

pub use stack::{Part, Stack, StackOptions};
