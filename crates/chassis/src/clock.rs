//! The one place where time and randomness enter.

use jiff::Timestamp;
use uuid::Uuid;

/// Now, UTC.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A random id (UUID v4) from the operating system's generator.
#[expect(clippy::disallowed_methods, reason = "this is the source of random ids")]
pub fn random_id() -> Uuid {
    Uuid::new_v4()
}

/// Random bytes from a generator that the operating system's seeds, good for secrets.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    rand::random()
}
