//! What became of pushes, counted.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use uuid::Uuid;

use crate::values::{day, time};
use crate::{Storage, StorageError};

/// How many deliveries of a platform are in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryCount {
    /// As on the wire: `apns`.
    pub platform: String,
    /// As stored: `sent`.
    pub state: String,
    /// How many.
    pub count: i64,
}

impl Storage {
    /// The deliveries of a campaign that began at `at`, by platform and state.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn campaign_deliveries(
        &self,
        id: Uuid,
        at: Timestamp,
    ) -> Result<Vec<DeliveryCount>, StorageError> {
        self.within(async {
            Ok(sqlx::query_as!(
                DeliveryCount,
                r#"SELECT platform, state, count(*) AS "count!" FROM deliveries
                   WHERE event_day = $1 AND campaign = $2 GROUP BY platform, state ORDER BY platform, state"#,
                day(at).to_sqlx() as _,
                id,
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }

    /// The deliveries that were settled since `since`, by platform and state. Reads the days of the ledger since the one before.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn settled_since(&self, since: Timestamp) -> Result<Vec<DeliveryCount>, StorageError> {
        let first = day(since).yesterday().unwrap_or(day(since));
        self.within(async {
            Ok(sqlx::query_as!(
                DeliveryCount,
                r#"SELECT platform, state, count(*) AS "count!" FROM deliveries
                   WHERE event_day >= $1 AND settled_at >= $2 GROUP BY platform, state ORDER BY platform, state"#,
                first.to_sqlx() as _,
                time(since) as _,
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }
}
