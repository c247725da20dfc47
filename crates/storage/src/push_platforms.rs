//! What the hub knows of the push services, for the operator.

use jiff::Timestamp;
use serde::Serialize;

use crate::values::time;
use crate::{Platform, Storage, StorageError};

/// How the hub stands with a push service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushPlatform {
    /// As on the wire: `apns`.
    pub platform: String,
    /// Since when it refuses us.
    pub barred_since: Option<Timestamp>,
    /// Its words.
    pub why: Option<String>,
    /// Since when no device is removed, because too many are said to be gone.
    pub removals_stopped: Option<Timestamp>,
    /// When that was noted.
    pub at: Timestamp,
}

struct PushPlatformRow {
    platform: String,
    barred_since: Option<jiff_sqlx::Timestamp>,
    why: Option<String>,
    removals_stopped: Option<jiff_sqlx::Timestamp>,
    at: jiff_sqlx::Timestamp,
}

impl From<PushPlatformRow> for PushPlatform {
    fn from(row: PushPlatformRow) -> Self {
        Self {
            platform: row.platform,
            barred_since: row.barred_since.map(jiff_sqlx::Timestamp::to_jiff),
            why: row.why,
            removals_stopped: row.removals_stopped.map(jiff_sqlx::Timestamp::to_jiff),
            at: row.at.to_jiff(),
        }
    }
}

impl Storage {
    /// Notes how the hub stands with a push service: why it is refused, if it is, and whether removals are stopped. Times are kept while that lasts.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn note_push_platform(
        &self,
        platform: Platform,
        barred: Option<&str>,
        removals_stopped: bool,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.within(async {
            sqlx::query!(
                r#"INSERT INTO push_platforms AS p (platform, barred_since, why, removals_stopped, at)
                   VALUES ($1, CASE WHEN $2::text IS NOT NULL THEN $4::timestamptz END, $2,
                           CASE WHEN $3::boolean THEN $4::timestamptz END, $4)
                   ON CONFLICT (platform) DO UPDATE SET
                       barred_since = CASE WHEN excluded.why IS NOT NULL THEN coalesce(p.barred_since, excluded.barred_since) END,
                       why = excluded.why,
                       removals_stopped = CASE WHEN $3 THEN coalesce(p.removals_stopped, excluded.removals_stopped) END,
                       at = excluded.at"#,
                platform.as_str(),
                barred,
                removals_stopped,
                time(now) as _,
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// How the hub stands with the push services it ever had an answer of.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn push_platforms(&self) -> Result<Vec<PushPlatform>, StorageError> {
        let rows = self.within(async {
            Ok(sqlx::query_as!(
                PushPlatformRow,
                r#"SELECT platform, barred_since AS "barred_since: _", why, removals_stopped AS "removals_stopped: _", at AS "at: _"
                   FROM push_platforms ORDER BY platform"#,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        Ok(rows.await?.into_iter().map(PushPlatform::from).collect())
    }
}
