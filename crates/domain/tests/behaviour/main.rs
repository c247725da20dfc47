//! What the domain promises, by example and over random histories.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod drafts;
mod erasure;
mod json;
mod orders;
mod products;
mod promises;
mod samples;
mod tags;
