#![doc = include_str!("../README.md")]

pub mod app;
pub mod args;
mod auth;
mod body;
mod catalog;
mod conditional;
mod contract;
mod cors;
mod cursor;
mod guest_sessions;
mod heads;
mod idempotency;
mod installations;
mod limits;
mod observe;
mod orders;
mod problem;
mod scheduled;
