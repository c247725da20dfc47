//! What went wrong, sorted by what the caller can do about it.

use sqlx::postgres::PgDatabaseError;

/// Why the database gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It is out of reach, too busy, or going down: the same call may work later.
    #[error("Postgres is out of reach: {0}")]
    Unavailable(String),
    /// A row of that key exists already.
    #[error("exists already: {0}")]
    Exists(String),
    /// It refused the statement, or what it holds can't be read.
    #[error("Postgres refused: {0}")]
    Failed(String),
}

impl StorageError {
    pub(crate) fn failed(why: impl Into<String>) -> Self {
        Self::Failed(why.into())
    }
}

/// SQLSTATE classes (PostgreSQL, appendix A) after which the same call may work later.
const PASSING_CLASSES: [&str; 5] = [
    "08", // connection exception
    "40", // transaction rollback: deadlock, serialization
    "53", // insufficient resources: connections, disk, memory
    "57", // operator intervention: shutdown, starting up, statement time-out
    "58", // system error: I/O
];

/// Single states after which the same call may work later.
const PASSING_STATES: [&str; 4] = [
    "25006", // read-only: a standby that is not promoted yet
    "25P03", // idle in transaction for too long
    "25P04", // transaction for too long
    "55P03", // lock not available
];

const UNIQUE_VIOLATION: &str = "23505";

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{BeginFailed, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        match &error {
            sqlx::Error::Database(database) => {
                of_state(database.try_downcast_ref::<PgDatabaseError>(), error.to_string())
            }
            Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed | BeginFailed => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Failed(error.to_string()),
        }
    }
}

fn of_state(error: Option<&PgDatabaseError>, words: String) -> StorageError {
    let state = error.map_or("", PgDatabaseError::code);
    if state == UNIQUE_VIOLATION {
        // The constraint says which key; the detail would repeat the row's values.
        let constraint = error
            .and_then(PgDatabaseError::constraint)
            .unwrap_or("a unique key");
        return StorageError::Exists(constraint.to_owned());
    }
    let passing =
        PASSING_CLASSES.iter().any(|class| state.starts_with(class)) || PASSING_STATES.contains(&state);
    if passing {
        StorageError::Unavailable(words)
    } else {
        StorageError::Failed(words)
    }
}
