//! Attempts of messages, kept in Postgres.

use messaging::{Attempts, HandlerError};
use storage::Storage;

use crate::unavailable;

/// Counts in the database, so that a message which crashes the process is caught.
#[derive(Debug, Clone)]
pub(crate) struct StoredAttempts(pub(crate) Storage);

impl Attempts for StoredAttempts {
    async fn raise(&self, stream: &str, sequence: u64) -> Result<u32, HandlerError> {
        self.0.raise_attempts(stream, sequence).await.map_err(unavailable)
    }

    async fn forget(&self, stream: &str, sequence: u64) -> Result<(), HandlerError> {
        self.0
            .forget_attempts(stream, sequence)
            .await
            .map_err(unavailable)
    }
}
