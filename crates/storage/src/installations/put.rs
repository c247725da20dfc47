//! A device that registers.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::{Installation, erased};
use crate::values::time;
use crate::{Storage, StorageError};

/// What a registration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It is new.
    Created,
    /// It replaced what was there.
    Updated,
    /// Its customer was erased: nothing is kept.
    Erased,
}

/// First half of the key of the advisory locks of channels.
pub(super) const CHANNEL_LOCKS: i32 = 3;

impl Storage {
    /// Registers an installation; idempotent. A channel that another installation of the app had moves here
    /// (the other one is removed). An installation that was gone is active again.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn put_installation(&self, installation: &Installation) -> Result<Registered, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            if erased::is_erased(&mut transaction, installation.customer).await? {
                return Ok(Registered::Erased);
            }
            lock_channel(&mut transaction, installation).await?;
            leave_channel(&mut transaction, installation).await?;
            let registered = upsert(&mut transaction, installation).await?;
            transaction.commit().await?;
            Ok(registered)
        };
        self.within(Box::pin(work)).await
    }
}

/// Second half of the key of the lock of the channel that has this hash.
pub(super) fn lock_of(hash: &[u8; 32]) -> i32 {
    i32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// Locks the channel, then the rows that it is about, in the order of their ids, so that two devices which swap channels at once don't wait
/// for each other.
pub(super) async fn lock_channel(
    connection: &mut PgConnection,
    installation: &Installation,
) -> Result<(), StorageError> {
    let hash = installation.channel.hash();
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock($1, $2) AS "locked: ()""#,
        CHANNEL_LOCKS,
        lock_of(&hash)
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        r#"SELECT id FROM installations WHERE id = $1 OR (app = $2 AND channel_hash = $3) ORDER BY id FOR UPDATE"#,
        installation.id.0,
        installation.app,
        hash.as_slice(),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Removes the channel from another installation of the app.
pub(super) async fn leave_channel(
    connection: &mut PgConnection,
    installation: &Installation,
) -> Result<(), StorageError> {
    let hash = installation.channel.hash();
    sqlx::query!(
        r#"DELETE FROM installations WHERE app = $2 AND channel_hash = $3 AND id <> $1"#,
        installation.id.0,
        installation.app,
        hash.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn upsert(
    connection: &mut PgConnection,
    installation: &Installation,
) -> Result<Registered, StorageError> {
    let hash = installation.channel.hash();
    // xmax is 0 in a row that no transaction replaced: it was inserted.
    let created = sqlx::query_scalar!(
        r#"INSERT INTO installations (id, app, customer, platform, environment, channel, channel_hash, locale, updated_at,
               tags, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           ON CONFLICT (id) DO UPDATE SET app = excluded.app, customer = excluded.customer, platform = excluded.platform,
               environment = excluded.environment, channel = excluded.channel, channel_hash = excluded.channel_hash,
               locale = excluded.locale, updated_at = excluded.updated_at, tags = excluded.tags, expires_at = excluded.expires_at,
               state = 'active', gone_reason = NULL
           RETURNING (xmax = 0) AS "created!""#,
        installation.id.0,
        installation.app,
        installation.customer.to_string(),
        installation.platform.as_str(),
        installation.environment,
        Json(&installation.channel) as _,
        hash.as_slice(),
        installation.locale,
        time(installation.updated_at) as _,
        &installation.tags,
        installation.expires_at.map(time) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(if created {
        Registered::Created
    } else {
        Registered::Updated
    })
}
