//! The schema: migrations are part of the program.

use std::time::Duration;

use secrecy::SecretString;
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{ConnectOptions as _, Connection, PgPool};

use crate::connect::{address, within};
use crate::{Storage, StorageError};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

const CONNECTING: Duration = Duration::from_secs(5);

const UNDEFINED_TABLE: &str = "42P01";

impl Storage {
    /// Brings the schema up to date; gives the names of the migrations applied now.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn migrate(url: &SecretString) -> Result<Vec<String>, StorageError> {
        let options = address(url)?.application_name("migrate");
        let mut connection = within(CONNECTING, async { Ok(options.connect().await?) }).await?;
        let table = &MIGRATOR.table_name;
        connection.ensure_migrations_table(table).await.map_err(refused)?;
        let before = connection.list_applied_migrations(table).await.map_err(refused)?;
        MIGRATOR.run(&mut connection).await.map_err(refused)?;
        connection.close().await?;
        Ok(MIGRATOR
            .iter()
            .filter(|migration| before.iter().all(|applied| applied.version != migration.version))
            .map(|migration| format!("{:04} {}", migration.version, migration.description))
            .collect())
    }
}

fn refused(error: sqlx::migrate::MigrateError) -> StorageError {
    match error {
        sqlx::migrate::MigrateError::Execute(cause) => cause.into(),
        other => StorageError::Failed(other.to_string()),
    }
}

/// Whether the schema is at least as new as this program; a newer one is meant to serve older programs too.
pub(crate) async fn check(pool: &PgPool) -> Result<(), StorageError> {
    // Not a checked query: the table is sqlx's own and is there before any of our schema is.
    let applied =
        sqlx::query_scalar::<_, Option<i64>>("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(pool)
            .await;
    let needed = MIGRATOR.iter().map(|migration| migration.version).max();
    match applied {
        Ok(version) if version >= needed => Ok(()),
        Ok(_) => Err(unmigrated()),
        Err(error) if is_undefined_table(&error) => Err(unmigrated()),
        Err(error) => Err(error.into()),
    }
}

fn is_undefined_table(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|cause| cause.code())
        .is_some_and(|code| code == UNDEFINED_TABLE)
}

fn unmigrated() -> StorageError {
    StorageError::failed("the schema is older than this program; run `waybillctl migrate`")
}
