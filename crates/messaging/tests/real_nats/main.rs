//! Everything here runs against a nats-server of the test's own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod dead_letters;
mod faults;
mod live;
mod permissions;
mod publishing;
mod republish;
mod support;
mod topology;
mod worker;
