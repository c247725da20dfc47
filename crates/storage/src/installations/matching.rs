//! Devices by their tags.

use domain::InstallationId;
use domain::tags::Clause;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Channel, Installation, InstallationRow, Platform};
use crate::values::unreadable;
use crate::{Storage, StorageError};

/// With more than this many times the page among the clauses' tags, a page is found sooner along the ids than by the tags' index,
/// which finds all of them for each page.
const PAGES_BY_INDEX: i64 = 10;

impl Storage {
    /// The active installations that fit one of `clauses`, in the order of their ids: at most `limit` of those after `after`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn installations_matching(
        &self,
        clauses: &[Clause],
        after: Option<InstallationId>,
        limit: u32,
    ) -> Result<Vec<Installation>, StorageError> {
        let Some(from) = after.map_or(Some(Uuid::nil()), next) else {
            return Ok(Vec::new());
        };
        let limit = i64::from(limit);
        let rows = self.within(Box::pin(async {
            if self.are_many(clauses, limit).await? {
                self.along_ids(clauses, from, limit).await
            } else {
                self.by_tags(clauses, from, limit).await
            }
        }));
        rows.await?.into_iter().map(Installation::try_from).collect()
    }

    /// How many active installations fit one of `clauses`, by platform; none are not named.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn count_matching(&self, clauses: &[Clause]) -> Result<Vec<(Platform, u64)>, StorageError> {
        let counts = self.within(Box::pin(async {
            if clauses.iter().any(|clause| clause.all.is_empty()) {
                self.count_all(clauses).await
            } else {
                self.count_by_tags(clauses).await
            }
        }));
        let counted = |(platform, count): (String, i64)| {
            let count = u64::try_from(count).map_err(|_| unreadable("count", count))?;
            Ok((Platform::read(&platform)?, count))
        };
        counts.await?.into_iter().map(counted).collect()
    }

    /// Whether so many have the tags of `clauses` that their index is the longer way to a page.
    async fn are_many(&self, clauses: &[Clause], limit: i64) -> Result<bool, StorageError> {
        if clauses.iter().any(|clause| clause.all.is_empty()) {
            return Ok(true);
        }
        let most = limit.saturating_mul(PAGES_BY_INDEX);
        let found = sqlx::query_scalar!(
            r#"WITH tagged AS MATERIALIZED (
                   SELECT found.id FROM jsonb_to_recordset($1) AS clause ("all" text[])
                   CROSS JOIN LATERAL (
                       SELECT id FROM installations WHERE state = 'active' AND all_tags @> clause."all"
                       OFFSET 0
                   ) AS found
               )
               SELECT count(*) AS "count!" FROM (SELECT FROM tagged LIMIT $2) AS most"#,
            Json(clauses) as _,
            most,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(found >= most)
    }

    /// Through the index of tags.
    async fn by_tags(
        &self,
        clauses: &[Clause],
        from: Uuid,
        limit: i64,
    ) -> Result<Vec<InstallationRow>, StorageError> {
        Ok(sqlx::query_as!(
            InstallationRow,
            r#"WITH page AS MATERIALIZED (
                   SELECT DISTINCT found.id FROM jsonb_to_recordset($1) AS clause ("all" text[], "none" text[])
                   CROSS JOIN LATERAL (
                       SELECT id FROM installations
                       WHERE state = 'active' AND all_tags @> clause."all" AND NOT all_tags && clause."none"
                         AND (expires_at IS NULL OR expires_at > now()) AND id >= $2
                       OFFSET 0
                   ) AS found
                   ORDER BY found.id LIMIT $3
               )
               SELECT id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale, tags,
                      expires_at AS "expires_at: _", updated_at AS "updated_at: _"
               FROM page JOIN installations USING (id) ORDER BY id"#,
            Json(clauses) as _,
            from,
            limit,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Through the index of ids, looking at each device on the way.
    async fn along_ids(
        &self,
        clauses: &[Clause],
        from: Uuid,
        limit: i64,
    ) -> Result<Vec<InstallationRow>, StorageError> {
        Ok(sqlx::query_as!(
            InstallationRow,
            r#"SELECT id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale, tags,
                      expires_at AS "expires_at: _", updated_at AS "updated_at: _"
               FROM installations
               WHERE state = 'active' AND (expires_at IS NULL OR expires_at > now()) AND id >= $2
                 AND EXISTS (
                     SELECT FROM jsonb_to_recordset($1) AS clause ("all" text[], "none" text[])
                     WHERE all_tags @> clause."all" AND NOT all_tags && clause."none"
                     OFFSET 0
                 )
               ORDER BY id LIMIT $3"#,
            Json(clauses) as _,
            from,
            limit,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    async fn count_by_tags(&self, clauses: &[Clause]) -> Result<Vec<(String, i64)>, StorageError> {
        let rows = sqlx::query!(
            r#"SELECT platform, count(*) AS "count!" FROM (
                   SELECT DISTINCT found.id, found.platform
                   FROM jsonb_to_recordset($1) AS clause ("all" text[], "none" text[])
                   CROSS JOIN LATERAL (
                       SELECT id, platform FROM installations
                       WHERE state = 'active' AND all_tags @> clause."all" AND NOT all_tags && clause."none"
                         AND (expires_at IS NULL OR expires_at > now())
                       OFFSET 0
                   ) AS found
               ) AS matching
               GROUP BY platform ORDER BY platform"#,
            Json(clauses) as _,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.platform, row.count)).collect())
    }

    async fn count_all(&self, clauses: &[Clause]) -> Result<Vec<(String, i64)>, StorageError> {
        let rows = sqlx::query!(
            r#"SELECT platform, count(*) AS "count!" FROM installations
               WHERE state = 'active' AND (expires_at IS NULL OR expires_at > now())
                 AND EXISTS (
                     SELECT FROM jsonb_to_recordset($1) AS clause ("all" text[], "none" text[])
                     WHERE all_tags @> clause."all" AND NOT all_tags && clause."none"
                     OFFSET 0
                 )
               GROUP BY platform ORDER BY platform"#,
            Json(clauses) as _,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.platform, row.count)).collect())
    }
}

/// The id after `id`: Postgres compares them byte by byte, as numbers are.
fn next(id: InstallationId) -> Option<Uuid> {
    id.0.as_u128().checked_add(1).map(Uuid::from_u128)
}
