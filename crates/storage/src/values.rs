//! Between the domain's values and Postgres'.

use domain::Version;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;

use crate::StorageError;

/// A `timestamptz`, in microseconds.
pub(crate) fn time(at: Timestamp) -> jiff_sqlx::Timestamp {
    at.to_sqlx()
}

/// Reads a version.
pub(crate) fn version(raw: i64) -> Result<Version, StorageError> {
    u32::try_from(raw)
        .map(Version)
        .map_err(|_| unreadable("version", raw))
}

/// The UTC day of `at`.
pub(crate) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Reads `text` as a `T`.
pub(crate) fn read<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, StorageError> {
    text.parse().map_err(|_| unreadable(what, text))
}

/// What is stored under `what` is not what this program writes.
pub(crate) fn unreadable(what: &str, value: impl std::fmt::Display) -> StorageError {
    StorageError::Failed(format!("the stored {what} `{value}` can't be read"))
}
