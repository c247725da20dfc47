//! The order processor on real servers.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod catalog;
mod crashes;
mod day;
mod erasing;
mod faults;
mod letters;
mod orders;
mod samples;
mod stack;
