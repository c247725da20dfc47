//! Attempts, recorded in Postgres.

use messaging::{Attempts, HandlerError};
use storage::{Storage, StorageError};

/// The attempts of messages, in the table that outlives a crash of this process.
#[derive(Debug, Clone)]
pub(crate) struct RecordedAttempts(pub(crate) Storage);

impl Attempts for RecordedAttempts {
    async fn raise(&self, stream: &str, sequence: u64) -> Result<u32, HandlerError> {
        self.0
            .raise_attempts(stream, sequence)
            .await
            .map_err(|error| stored(&error))
    }

    async fn forget(&self, stream: &str, sequence: u64) -> Result<(), HandlerError> {
        self.0
            .forget_attempts(stream, sequence)
            .await
            .map_err(|error| stored(&error))
    }
}

/// What a failure of Postgres means for the batch in hand.
pub(crate) fn stored(error: &StorageError) -> HandlerError {
    match error {
        StorageError::Unavailable(_) => HandlerError::Unavailable(error.to_string()),
        StorageError::Exists(_) | StorageError::Failed(_) => HandlerError::Failed(error.to_string()),
    }
}
