//! How many letters there are, for an alarm.

use std::time::Duration;

use tokio::time::sleep;

use super::DeadLetters;
use crate::PublishError;

const COUNT_EVERY: Duration = Duration::from_secs(5);

impl DeadLetters {
    /// How many there are.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn count(&self) -> Result<u64, PublishError> {
        Ok(self.messaging.dead_letter_count().await?.pending)
    }

    /// Keeps the gauge `messaging_dead_letters_kept`, for ever. While the server does not answer it stays as it was.
    pub async fn report(self) {
        loop {
            match self.count().await {
                Ok(count) => metrics::gauge!("messaging_dead_letters_kept").set(count as f64),
                Err(error) => tracing::debug!(%error, "dead letters not counted"),
            }
            sleep(COUNT_EVERY).await;
        }
    }
}
