//! The site against real servers: as a browser sees it, and as those who send it nonsense do.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod browser;
mod full;
mod limits;
mod news;
mod orders;
mod security;
mod support;
