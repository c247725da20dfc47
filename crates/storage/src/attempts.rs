//! How often a message was tried, so that one which crashes the process is caught.

use std::collections::HashMap;

use crate::{Storage, StorageError};

impl Storage {
    /// Raises the attempts of the message (stream, sequence) in a transaction of its own; gives the new count.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn raise_attempts(&self, stream: &str, sequence: u64) -> Result<u32, StorageError> {
        let raised = self.raise_attempts_of(&[(stream.to_owned(), sequence)]).await?;
        raised.first().copied().ok_or_else(not_counted)
    }

    /// [`Self::raise_attempts`] of different messages at once; gives the new counts, each in its place.
    ///
    /// # Errors
    /// [`StorageError`]; then none is raised.
    pub async fn raise_attempts_of(&self, messages: &[(String, u64)]) -> Result<Vec<u32>, StorageError> {
        let (streams, sequences) = columns(messages);
        let raised = self.within(async {
            // In their order, so that two who raise some of the same don't wait for each other.
            Ok(sqlx::query!(
                r#"INSERT INTO attempts AS a (stream, sequence, attempts)
                   SELECT stream, sequence, 1 FROM unnest($1::text[], $2::bigint[]) AS m (stream, sequence) ORDER BY stream, sequence
                   ON CONFLICT (stream, sequence) DO UPDATE SET attempts = a.attempts + 1, raised_at = now()
                   RETURNING stream, sequence, attempts"#,
                &streams,
                &sequences,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let raised = raised.await?.into_iter();
        let counts: HashMap<(String, u64), u32> = raised
            .map(|row| {
                (
                    (row.stream, row.sequence.cast_unsigned()),
                    row.attempts.unsigned_abs(),
                )
            })
            .collect();
        messages
            .iter()
            .map(|message| counts.get(message).copied().ok_or_else(not_counted))
            .collect()
    }

    /// Forgets the message.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn forget_attempts(&self, stream: &str, sequence: u64) -> Result<(), StorageError> {
        self.forget_attempts_of(&[(stream.to_owned(), sequence)]).await
    }

    /// Forgets the messages.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn forget_attempts_of(&self, messages: &[(String, u64)]) -> Result<(), StorageError> {
        let (streams, sequences) = columns(messages);
        self.within(async {
            sqlx::query!(
                r#"DELETE FROM attempts WHERE (stream, sequence) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))"#,
                &streams,
                &sequences,
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }
}

fn not_counted() -> StorageError {
    StorageError::Failed("the database counted no attempt of a message".into())
}

/// As the database takes them.
fn columns(messages: &[(String, u64)]) -> (Vec<String>, Vec<i64>) {
    messages
        .iter()
        .map(|(stream, sequence)| (stream.clone(), sequence.cast_signed()))
        .unzip()
}
