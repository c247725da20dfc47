//! The API over HTTP against real servers: as apps use it, and as those do who send it nonsense.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod accounts;
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
mod issuer;
mod issuers;
mod limits;
mod lists;
mod me;
mod member;
mod order_groups;
mod orders;
mod prefer;
mod quotas;
mod schedule_refusals;
mod scheduled;
mod schemathesis;
mod scopes;
mod sessions;
mod start;
mod stream;
mod support;
mod throttle;
mod tokens;
mod traces;
mod verdicts;
