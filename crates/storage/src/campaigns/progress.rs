//! How far a campaign is.

use std::collections::BTreeMap;

use domain::InstallationId;
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Campaign, CampaignState};
use crate::values::time;
use crate::{Storage, StorageError};

/// What came of the next piece of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The last installation that was looked at.
    pub to: Option<InstallationId>,
    /// Pushes that were queued, by platform.
    pub queued: BTreeMap<String, u64>,
    /// Devices that get nothing: their platform has no credentials, or their owner wants no news.
    pub left_out: u64,
    /// Whether it was the last piece.
    pub last: bool,
}

impl Storage {
    /// Begins a campaign that waits; false where it does not.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn start_campaign(&self, id: Uuid, now: Timestamp) -> Result<bool, StorageError> {
        let started = self.within(async {
            Ok(sqlx::query!(
                r#"UPDATE campaigns SET state = 'running', started_at = $2 WHERE id = $1 AND state = 'scheduled'"#,
                id,
                time(now) as _,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(started.await?.rows_affected() == 1)
    }

    /// Notes a piece of `campaign`, which must be as it was read: running, and its cursor where it was. False where another was faster.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn advance_campaign(
        &self,
        campaign: &Campaign,
        page: &Page,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut queued = campaign.queued.clone();
        for (platform, count) in &page.queued {
            *queued.entry(platform.clone()).or_default() += count;
        }
        let state = if page.last {
            CampaignState::Done
        } else {
            CampaignState::Running
        };
        let left_out = i64::try_from(campaign.left_out + page.left_out).unwrap_or(i64::MAX);
        let advanced = self.within(async {
            Ok(sqlx::query!(
                r#"UPDATE campaigns SET cursor = coalesce($3, cursor), queued = $4, left_out = $5, state = $6, finished_at = $7
                   WHERE id = $1 AND state = 'running' AND cursor IS NOT DISTINCT FROM $2"#,
                campaign.what.id,
                campaign.cursor.map(|cursor| cursor.0),
                page.to.map(|to| to.0),
                Json(&queued) as _,
                left_out,
                state.as_str(),
                page.last.then(|| time(now)) as _,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(advanced.await?.rows_affected() == 1)
    }

    /// Ends a campaign that waits or runs as failed.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn fail_campaign(&self, id: Uuid, why: &str, now: Timestamp) -> Result<(), StorageError> {
        self.within(async {
            sqlx::query!(
                r#"UPDATE campaigns SET state = 'failed', why = $2, finished_at = $3
                   WHERE id = $1 AND state IN ('scheduled', 'running')"#,
                id,
                why,
                time(now) as _,
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Calls a campaign off; false where it was, or failed, or is over, or is not there. One whose pushes are all queued can be called off too: what is not sent yet is not sent.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn cancel_campaign(&self, id: Uuid, now: Timestamp) -> Result<bool, StorageError> {
        let cancelled = self.within(async {
            Ok(sqlx::query!(
                r#"UPDATE campaigns SET state = 'cancelled', finished_at = $2
                   WHERE id = $1 AND state IN ('scheduled', 'running', 'done') AND expires_at > $2"#,
                id,
                time(now) as _,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(cancelled.await?.rows_affected() == 1)
    }

    /// Whether a campaign was called off.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn campaign_is_cancelled(&self, id: Uuid) -> Result<bool, StorageError> {
        self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT EXISTS (SELECT FROM campaigns WHERE id = $1 AND state = 'cancelled') AS "cancelled!""#,
                id,
            )
            .fetch_one(&self.pool)
            .await?)
        })
        .await
    }
}
