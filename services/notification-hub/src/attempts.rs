//! Attempts of messages, kept in Postgres.

use std::sync::Arc;

use messaging::{Attempts, HandlerError};
use storage::Storage;

use crate::together::Together;
use crate::unavailable;

/// A message by its stream and its sequence there.
type Which = (String, u64);

/// Counts in the database, so that a message which crashes the process is caught. What comes back at the same time shares a round trip:
/// where a push service is slow, thousands do.
#[derive(Debug, Clone)]
pub(crate) struct StoredAttempts {
    raised: Arc<Together<Which, u32>>,
    forgotten: Arc<Together<Which, ()>>,
}

impl StoredAttempts {
    pub(crate) fn new(storage: &Storage) -> Self {
        let (raising, forgetting) = (storage.clone(), storage.clone());
        Self {
            raised: Arc::new(Together::new(move |messages: Vec<Which>| {
                let storage = raising.clone();
                async move { storage.raise_attempts_of(&messages).await.map_err(unavailable) }
            })),
            forgotten: Arc::new(Together::new(move |messages: Vec<Which>| {
                let storage = forgetting.clone();
                async move {
                    let forgotten = storage.forget_attempts_of(&messages).await;
                    forgotten.map_err(unavailable)?;
                    Ok(vec![(); messages.len()])
                }
            })),
        }
    }
}

impl Attempts for StoredAttempts {
    async fn raise(&self, stream: &str, sequence: u64) -> Result<u32, HandlerError> {
        self.raised.ask((stream.to_owned(), sequence)).await
    }

    async fn forget(&self, stream: &str, sequence: u64) -> Result<(), HandlerError> {
        self.forgotten.ask((stream.to_owned(), sequence)).await
    }
}
