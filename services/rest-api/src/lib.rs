#![doc = include_str!("../README.md")]

mod accounts;
pub mod app;
pub mod args;
mod auth;
mod body;
mod caching;
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
mod me;
mod observe;
mod orders;
mod problem;
mod scheduled;
mod sessions;
mod wishes;
