//! The API over HTTP against real servers: as apps use it, and as those do who send it nonsense.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod answer;
mod catalog;
mod contract;
mod dice;
mod end;
mod events;
mod faults;
mod full;
mod fuzz;
mod guests;
mod heads;
mod installations;
mod limits;
mod lists;
mod order_groups;
mod orders;
mod prefer;
mod quotas;
mod schedule_refusals;
mod scheduled;
mod schemathesis;
mod start;
mod stream;
mod support;
mod traces;
mod verdicts;
