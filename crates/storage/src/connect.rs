//! The pool: bounded waiting everywhere, and no transaction left behind for the next borrower.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection, Executor, PgPool};

use crate::{Storage, StorageError, migrate};

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// `postgres://user:password@host:port/database`
    pub url: SecretString,
    /// The service's name, shown in `pg_stat_activity`.
    pub name: String,
    /// The most connections of the pool.
    pub max_connections: u32,
    /// How long to wait for a connection of the pool, and at most for one statement.
    pub timeout: Duration,
}

/// How long the server may take to clean a connection that comes back.
const CLEANING_LIMIT: Duration = Duration::from_secs(5);

impl Storage {
    /// Connects, and checks that the schema is there.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] while it can't be reached, [`StorageError::Failed`] when the schema is not migrated.
    pub async fn connect(options: ConnectOptions) -> Result<Self, StorageError> {
        let storage = Self {
            pool: pool(&options)?,
            // A wait for a connection, one statement, and what the network takes: past it the connection is given up.
            limit: options.timeout * 2 + Duration::from_secs(1),
        };
        // The pool would only say that it waited in vain; one connection by hand says why.
        let place = address(&options.url)?;
        let reached = async { Ok(place.connect().await?.close().await?) };
        within(options.timeout, reached)
            .await
            .map_err(|error| at(&place, error))?;
        storage.within(migrate::check(&storage.pool)).await?;
        Ok(storage)
    }

    /// Whether a trivial query works, for readiness.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.within(async {
            sqlx::query!(r#"SELECT 1 AS "one!""#)
                .fetch_one(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    /// Gives `work` up after the limit: a black-holed connection answers never, and its own time-out lies with the server.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        within(self.limit, work).await
    }
}

pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(StorageError::Unavailable(format!("no answer within {limit:?}"))),
    }
}

/// Reads the address.
pub(crate) fn address(url: &SecretString) -> Result<PgConnectOptions, StorageError> {
    url.expose_secret().parse().map_err(|error| {
        StorageError::Failed(format!(
            "the address is not postgres://user@host:port/database: {error}"
        ))
    })
}

/// Says where the server was looked for.
fn at(place: &PgConnectOptions, error: StorageError) -> StorageError {
    match error {
        StorageError::Unavailable(why) => {
            StorageError::Unavailable(format!("{}:{}: {why}", place.get_host(), place.get_port()))
        }
        other => other,
    }
}

fn pool(options: &ConnectOptions) -> Result<PgPool, StorageError> {
    let milliseconds = options.timeout.as_millis().to_string();
    let connection = address(&options.url)?.application_name(&options.name).options([
        ("statement_timeout", milliseconds.as_str()),
        // A process that stopped in the middle must not hold locks that its successor waits for.
        ("idle_in_transaction_session_timeout", milliseconds.as_str()),
        // The server notices a peer that vanished, and frees its locks.
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("tcp_user_timeout", "20000"),
        // Compiling a plan takes longer than any of ours.
        ("jit", "off"),
        // The roll-back of a connection that comes back clean is no news.
        ("client_min_messages", "error"),
    ]);
    Ok(PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.timeout)
        .after_release(|connection, _| Box::pin(clean(connection)))
        .connect_lazy_with(connection))
}

/// Rolls back what a cancelled `begin` left open (sqlx #4393); a connection that does not answer is closed.
async fn clean(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(CLEANING_LIMIT, connection.execute("ROLLBACK")).await {
        Ok(result) => result.map(|_| true),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}
