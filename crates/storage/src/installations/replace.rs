//! A device that is changed in part.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::put::{leave_channel, lock_channel, upsert};
use super::{Channel, Installation, InstallationRow, erased};
use crate::{Storage, StorageError};

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It is done.
    Done,
    /// What is there is no longer what was changed.
    Changed,
    /// Its customer was erased: nothing is kept.
    Erased,
}

impl Storage {
    /// Puts `after` in the place of `before`, if that is what is there. A channel that another installation of the app had moves here.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn replace_installation(
        &self,
        before: &Installation,
        after: &Installation,
    ) -> Result<Replaced, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            if erased::is_erased(&mut transaction, after.customer).await? {
                return Ok(Replaced::Erased);
            }
            lock_channel(&mut transaction, after).await?;
            if locked(&mut transaction, before).await?.as_ref() != Some(before) {
                return Ok(Replaced::Changed);
            }
            leave_channel(&mut transaction, after).await?;
            upsert(&mut transaction, after).await?;
            transaction.commit().await?;
            Ok(Replaced::Done)
        };
        self.within(Box::pin(work)).await
    }
}

/// What is there now, whose row is locked.
async fn locked(
    connection: &mut PgConnection,
    before: &Installation,
) -> Result<Option<Installation>, StorageError> {
    let row = sqlx::query_as!(
        InstallationRow,
        r#"SELECT id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale, tags,
                  expires_at AS "expires_at: _", updated_at AS "updated_at: _"
           FROM installations WHERE id = $1 AND state = 'active'"#,
        before.id.0,
    )
    .fetch_optional(connection)
    .await?;
    row.map(Installation::try_from).transpose()
}
