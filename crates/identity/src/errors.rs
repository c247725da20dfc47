//! What went wrong that may work later.

use storage::StorageError;

/// A server that is needed gives no answer, or too much is asked at once. The cause is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

impl From<StorageError> for Unavailable {
    fn from(error: StorageError) -> Self {
        Self(error.to_string())
    }
}
