//! How often a message was tried, so that one which crashes the process is caught.

use crate::{Storage, StorageError};

impl Storage {
    /// Raises the attempts of the message (stream, sequence) in a transaction of its own; gives the new count.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn raise_attempts(&self, stream: &str, sequence: u64) -> Result<u32, StorageError> {
        let attempts = self
            .within(async {
                Ok(sqlx::query_scalar!(
                    r#"INSERT INTO attempts AS a (stream, sequence, attempts) VALUES ($1, $2, 1)
                       ON CONFLICT (stream, sequence) DO UPDATE SET attempts = a.attempts + 1, raised_at = now()
                       RETURNING attempts"#,
                    stream,
                    sequence.cast_signed(),
                )
                .fetch_one(&self.pool)
                .await?)
            })
            .await?;
        Ok(attempts.unsigned_abs())
    }

    /// Forgets the message.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn forget_attempts(&self, stream: &str, sequence: u64) -> Result<(), StorageError> {
        self.within(async {
            sqlx::query!(
                r#"DELETE FROM attempts WHERE stream = $1 AND sequence = $2"#,
                stream,
                sequence.cast_signed(),
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }
}
