//! The promises of the database, each against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod attempts;
mod batches;
mod catalog;
mod deliveries;
mod erasure;
mod history;
mod imports;
mod installations;
mod metadata;
mod orders;
mod pool;
mod preferences;
mod roles;
mod search;
mod sending;
mod shop;
mod tags;
mod told;
mod wishes;
