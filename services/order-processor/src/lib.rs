#![doc = include_str!("../README.md")]

mod announce;
pub mod app;
pub mod args;
mod attempts;
mod batch;
mod caching;
mod catalog;
mod erasing;
mod faults;
mod reading;
