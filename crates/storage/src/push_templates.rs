//! What pushes say in place of the built-in texts.

use jiff::Timestamp;
use serde::Serialize;

use crate::values::time;
use crate::{Storage, StorageError};

/// Stands for any app, platform or locale.
pub const ANY: &str = "*";

/// For whom a template is. [`ANY`] stands for any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TemplateKey {
    /// The event's name: `order.confirmed`.
    pub event: String,
    /// Which app.
    pub app: String,
    /// Which platform.
    pub platform: String,
    /// Which language.
    pub locale: String,
}

/// A template, checked by the one who stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushTemplate {
    /// For whom.
    #[serde(flatten)]
    pub key: TemplateKey,
    /// The first line.
    pub title: String,
    /// The rest.
    pub body: String,
}

impl Storage {
    /// Every template, by event, app, platform and locale.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn push_templates(&self) -> Result<Vec<PushTemplate>, StorageError> {
        let rows = self.within(async {
            Ok(sqlx::query!(
                r#"SELECT event, app, platform, locale, title, body
                   FROM push_templates ORDER BY event, app, platform, locale"#,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let rows = rows.await?.into_iter().map(|row| PushTemplate {
            key: TemplateKey {
                event: row.event,
                app: row.app,
                platform: row.platform,
                locale: row.locale,
            },
            title: row.title,
            body: row.body,
        });
        Ok(rows.collect())
    }

    /// Stores a template, in the place of the one for the same.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn put_push_template(
        &self,
        template: &PushTemplate,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.within(async {
            sqlx::query!(
                r#"INSERT INTO push_templates (event, app, platform, locale, title, body, updated_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (event, app, platform, locale) DO UPDATE
                   SET title = excluded.title, body = excluded.body, updated_at = excluded.updated_at"#,
                template.key.event,
                template.key.app,
                template.key.platform,
                template.key.locale,
                template.title,
                template.body,
                time(now) as _,
            )
            .execute(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }

    /// Forgets a template. Gives whether there was one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn remove_push_template(&self, key: &TemplateKey) -> Result<bool, StorageError> {
        let removed = self.within(async {
            Ok(sqlx::query!(
                r#"DELETE FROM push_templates WHERE event = $1 AND app = $2 AND platform = $3 AND locale = $4"#,
                key.event,
                key.app,
                key.platform,
                key.locale,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(removed.await?.rows_affected() == 1)
    }
}
