//! Many devices at once, by `UNNEST`.

use std::collections::HashSet;

use domain::InstallationId;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::erased::CUSTOMER_LOCKS;
use super::put::{CHANNEL_LOCKS, lock_of};
use super::{Channel, Installation};
use crate::values::time;
use crate::{Storage, StorageError};

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Installations that were new.
    pub created: usize,
    /// Installations that were there.
    pub updated: usize,
    /// Installations that were removed.
    pub removed: usize,
    /// Installations of customers who were erased: nothing of them is kept.
    pub erased: Vec<InstallationId>,
}

impl Storage {
    /// Registers the installations of `put` and forgets those of `remove`, all in one transaction, as [`Storage::put_installation`] does one.
    /// No id and no channel of an app may stand there twice.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn import_installations(
        &self,
        put: &[Installation],
        remove: &[InstallationId],
    ) -> Result<Imported, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let gone = erased(&mut transaction, put).await?;
            let (kept, erased): (Vec<_>, Vec<_>) = put
                .iter()
                .partition(|installation| !gone.contains(&installation.customer.to_string()));
            let columns = Columns::of(&kept);
            lock(&mut transaction, &columns, remove).await?;
            leave_channels(&mut transaction, &columns).await?;
            let created = upsert(&mut transaction, &columns).await?;
            let removed = forget(&mut transaction, remove).await?;
            transaction.commit().await?;
            Ok(Imported {
                created,
                updated: kept.len() - created,
                removed,
                erased: erased.iter().map(|installation| installation.id).collect(),
            })
        };
        self.within(Box::pin(work)).await
    }
}

/// The columns of `installations`, one vector each.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    apps: Vec<String>,
    customers: Vec<String>,
    platforms: Vec<String>,
    environments: Vec<String>,
    channels: Vec<Json<Channel>>,
    hashes: Vec<Vec<u8>>,
    locales: Vec<String>,
    /// Each row's tags, between spaces, which no tag has.
    tags: Vec<String>,
    expires_at: Vec<Option<jiff_sqlx::Timestamp>>,
    updated_at: Vec<jiff_sqlx::Timestamp>,
    /// Second halves of the keys of their channels' locks, in their order.
    locks: Vec<i32>,
}

impl Columns {
    fn of(installations: &[&Installation]) -> Self {
        let mut columns = Self::default();
        for installation in installations {
            let hash = installation.channel.hash();
            columns.ids.push(installation.id.0);
            columns.apps.push(installation.app.clone());
            columns.customers.push(installation.customer.to_string());
            columns.platforms.push(installation.platform.as_str().to_owned());
            columns.environments.push(installation.environment.clone());
            columns.channels.push(Json(installation.channel.clone()));
            columns.locks.push(lock_of(&hash));
            columns.hashes.push(hash.to_vec());
            columns.locales.push(installation.locale.clone());
            columns.tags.push(installation.tags.join(" "));
            columns.expires_at.push(installation.expires_at.map(time));
            columns.updated_at.push(time(installation.updated_at));
        }
        columns.locks.sort_unstable();
        columns.locks.dedup();
        columns
    }
}

/// Those of the installations' customers who were erased; the others are not, as long as the transaction goes on.
async fn erased(
    connection: &mut PgConnection,
    installations: &[Installation],
) -> Result<HashSet<String>, StorageError> {
    let customers: Vec<_> = installations
        .iter()
        .map(|installation| installation.customer.to_string())
        .collect();
    // In the order in which those who erase take them.
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock_shared($1, key) AS "locked: ()"
           FROM (SELECT DISTINCT hashtext(customer) AS key FROM unnest($2::text[]) AS customer ORDER BY key) AS keys"#,
        CUSTOMER_LOCKS,
        &customers,
    )
    .fetch_all(&mut *connection)
    .await?;
    let erased = sqlx::query_scalar!(
        r#"SELECT customer FROM erased_customers WHERE customer = ANY($1)"#,
        &customers
    )
    .fetch_all(connection)
    .await?;
    Ok(erased.into_iter().collect())
}

/// Locks the channels, then every row that is to change, in the order of their ids.
async fn lock(
    connection: &mut PgConnection,
    columns: &Columns,
    remove: &[InstallationId],
) -> Result<(), StorageError> {
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock($1, key) AS "locked: ()"
           FROM (SELECT key FROM unnest($2::integer[]) AS key ORDER BY key) AS keys"#,
        CHANNEL_LOCKS,
        &columns.locks,
    )
    .fetch_all(&mut *connection)
    .await?;
    let removed = remove.iter().map(|id| id.0);
    let ids: Vec<_> = columns.ids.iter().copied().chain(removed).collect();
    sqlx::query!(
        r#"SELECT id FROM installations
           WHERE id IN (
               SELECT unnest($1::uuid[])
               UNION
               SELECT holder.id FROM unnest($2::text[], $3::bytea[]) AS taken (app, channel_hash)
               JOIN installations AS holder USING (app, channel_hash)
           )
           ORDER BY id FOR UPDATE"#,
        &ids,
        &columns.apps,
        &columns.hashes,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Removes the channels from other installations of their apps.
async fn leave_channels(connection: &mut PgConnection, columns: &Columns) -> Result<(), StorageError> {
    sqlx::query!(
        r#"DELETE FROM installations AS holder
           USING unnest($1::uuid[], $2::text[], $3::bytea[]) AS taken (id, app, channel_hash)
           WHERE holder.app = taken.app AND holder.channel_hash = taken.channel_hash AND holder.id <> taken.id"#,
        &columns.ids,
        &columns.apps,
        &columns.hashes,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives how many are new.
async fn upsert(connection: &mut PgConnection, columns: &Columns) -> Result<usize, StorageError> {
    // xmax is 0 in a row that no transaction replaced: it was inserted.
    let created = sqlx::query_scalar!(
        r#"INSERT INTO installations (id, app, customer, platform, environment, channel, channel_hash, locale, tags, expires_at, updated_at)
           SELECT id, app, customer, platform, environment, channel, channel_hash, locale, string_to_array(tags, ' '), expires_at, updated_at
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bytea[], $8::text[], $9::text[],
                       $10::timestamptz[], $11::timestamptz[])
                AS new (id, app, customer, platform, environment, channel, channel_hash, locale, tags, expires_at, updated_at)
           ON CONFLICT (id) DO UPDATE SET app = excluded.app, customer = excluded.customer, platform = excluded.platform,
               environment = excluded.environment, channel = excluded.channel, channel_hash = excluded.channel_hash,
               locale = excluded.locale, tags = excluded.tags, expires_at = excluded.expires_at, updated_at = excluded.updated_at,
               state = 'active', gone_reason = NULL
           RETURNING (xmax = 0) AS "created!""#,
        &columns.ids,
        &columns.apps,
        &columns.customers,
        &columns.platforms,
        &columns.environments,
        &columns.channels as _,
        &columns.hashes,
        &columns.locales,
        &columns.tags,
        &columns.expires_at as _,
        &columns.updated_at as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(created.into_iter().filter(|created| *created).count())
}

async fn forget(connection: &mut PgConnection, remove: &[InstallationId]) -> Result<usize, StorageError> {
    let ids: Vec<_> = remove.iter().map(|id| id.0).collect();
    let removed = sqlx::query!(r#"DELETE FROM installations WHERE id = ANY($1)"#, &ids)
        .execute(connection)
        .await?;
    Ok(usize::try_from(removed.rows_affected()).unwrap_or(usize::MAX))
}
