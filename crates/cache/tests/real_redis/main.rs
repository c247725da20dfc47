//! The cache against a real Redis, with every other process played by a cache of its own.

mod limits;
mod outages;
mod permissions;
mod races;
mod sign_ins;
mod support;
mod tiers;
