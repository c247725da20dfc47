//! Ordering against a real NATS, Redis and Postgres.

mod cancel;
mod catalog;
mod look_up;
mod outages;
mod processor;
mod schedule;
mod shop;
mod submit;
mod watch;
