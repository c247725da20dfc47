//! Sign-ins that have not ended.

use domain::{AccountId, GuestId};
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::guests;
use crate::values::time;
use crate::{Storage, StorageError};

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: Uuid,
    /// SHA-256 of its first refresh token.
    pub refresh_hash: [u8; 32],
    /// What the app calls itself.
    pub device: String,
    /// Now.
    pub now: Timestamp,
    /// When it ends where it is not used.
    pub expires_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// What opening a session came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Every scope that belongs to the account now.
    pub guests: Vec<GuestId>,
    /// Whether the scope that was given belongs to the account now; none where none was given.
    pub guest_added: Option<bool>,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// What the app called itself.
    pub device: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its refresh token was last used.
    pub last_used_at: Timestamp,
    /// When it ends where it is not used.
    pub expires_at: Timestamp,
}

/// The most sessions of one account: the one that was not used for longest gives way.
const MOST: i64 = 100;

impl Storage {
    /// Opens a session, and adds a guest's scope to the account where one is given.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn open_session(
        &self,
        account: AccountId,
        guest: Option<GuestId>,
        session: &NewSession,
    ) -> Result<Opened, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let opened = open(&mut transaction, account, guest, session).await?;
            transaction.commit().await?;
            Ok(opened)
        };
        self.within(Box::pin(work)).await
    }

    /// The sessions of an account that have not ended at `now`, the last used one first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn sessions_of(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StorageError> {
        let rows = self.within(async {
            Ok(sqlx::query!(
                r#"SELECT id, device, created_at AS "created_at: jiff_sqlx::Timestamp",
                          last_used_at AS "last_used_at: jiff_sqlx::Timestamp",
                          expires_at AS "expires_at: jiff_sqlx::Timestamp"
                   FROM sessions WHERE account = $1 AND expires_at > $2 ORDER BY last_used_at DESC, id"#,
                account.0,
                time(now) as _,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let sessions = rows.await?.into_iter().map(|row| Session {
            id: row.id,
            device: row.device,
            created_at: row.created_at.to_jiff(),
            last_used_at: row.last_used_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
        });
        Ok(sessions.collect())
    }

    /// Ends a session of the account. Gives whether there was one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn end_session(&self, account: AccountId, session: Uuid) -> Result<bool, StorageError> {
        let ended = self.within(async {
            Ok(sqlx::query!(
                r#"DELETE FROM sessions WHERE id = $1 AND account = $2"#,
                session,
                account.0
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(ended.await?.rows_affected() == 1)
    }

    /// Ends every session of the account but `kept`. Gives those that it ended.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn end_other_sessions(
        &self,
        account: AccountId,
        kept: Uuid,
    ) -> Result<Vec<Uuid>, StorageError> {
        let ended = self.within(async {
            let mut connection = self.pool.acquire().await?;
            end_others(&mut connection, account, kept).await
        });
        Box::pin(ended).await
    }
}

pub(super) async fn open(
    connection: &mut PgConnection,
    account: AccountId,
    guest: Option<GuestId>,
    session: &NewSession,
) -> Result<Opened, StorageError> {
    let guest_added = match guest {
        Some(guest) => Some(guests::add(connection, account, guest, session.now).await?),
        None => None,
    };
    make_room(connection, account, session.now).await?;
    sqlx::query!(
        r#"INSERT INTO sessions (id, account, device, created_at, last_used_at, expires_at, ends_at)
           VALUES ($1, $2, $3, $4, $4, $5, $6)"#,
        session.id,
        account.0,
        session.device,
        time(session.now) as _,
        time(session.expires_at) as _,
        time(session.ends_at) as _,
    )
    .execute(&mut *connection)
    .await?;
    add_token(connection, session.id, &session.refresh_hash, session.now).await?;
    Ok(Opened {
        guests: guests::of(connection, account).await?,
        guest_added,
    })
}

/// Makes the token of `hash` the newest of the session.
pub(super) async fn add_token(
    connection: &mut PgConnection,
    session: Uuid,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<(), StorageError> {
    sqlx::query!(
        r#"INSERT INTO refresh_tokens (hash, session, created_at) VALUES ($1, $2, $3)"#,
        hash.as_slice(),
        session,
        time(now) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends every session of the account but `kept`. Gives those that it ended.
pub(super) async fn end_others(
    connection: &mut PgConnection,
    account: AccountId,
    kept: Uuid,
) -> Result<Vec<Uuid>, StorageError> {
    Ok(sqlx::query_scalar!(
        r#"DELETE FROM sessions WHERE account = $1 AND id <> $2 RETURNING id"#,
        account.0,
        kept
    )
    .fetch_all(connection)
    .await?)
}

/// Removes the account's sessions that ran out, and those beyond what it may have.
async fn make_room(
    connection: &mut PgConnection,
    account: AccountId,
    now: Timestamp,
) -> Result<(), StorageError> {
    sqlx::query!(
        r#"DELETE FROM sessions WHERE account = $1 AND (expires_at <= $2 OR id IN (
               SELECT id FROM sessions WHERE account = $1 ORDER BY last_used_at DESC, id OFFSET $3))"#,
        account.0,
        time(now) as _,
        MOST - 1,
    )
    .execute(connection)
    .await?;
    Ok(())
}
