//! Everything here runs against a nats-server of the test's own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod by_hand;
mod changes;
mod dead_letters;
mod faults;
mod guarded;
mod live;
mod many_letters;
mod passing;
mod permissions;
mod prefetch;
mod publishing;
mod republish;
mod schedules;
mod sessions;
mod shares;
mod subscriptions;
mod support;
mod together;
mod topology;
mod worker;
