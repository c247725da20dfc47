//! The binary against real servers, with a processor that decides as the real one does.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod cache;
mod catalog;
mod installations;
mod letters;
mod orders;
mod permissions;
mod processor;
mod push;
mod reconcile;
mod scheduled;
mod setup;
mod shop;
mod subscriptions;
mod wording;
