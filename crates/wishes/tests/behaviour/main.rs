//! Which events fulfil which wishes, and that none is lost by looking for keys.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod happened;
mod promise;
