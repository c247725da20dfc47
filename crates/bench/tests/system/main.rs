//! The real programs, together: what no part can show alone.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod commands;
mod deaths;
mod doubles;
mod erasure;
mod faults;
mod main_job;
mod matrix;
mod poison;
mod redelivery;
mod scheduled;
mod stock;
mod support;
