//! Refresh tokens: each is used once, and one that is used again ends its session.

use std::time::Duration;

use domain::AccountId;
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Role;
use super::sessions::add_token;
use crate::values::time;
use crate::{Storage, StorageError};

/// How long after its use the same token gives the same successor once more: a client whose answer was lost asks again.
const AGAIN_WITHIN: Duration = Duration::from_secs(10);

/// How long used tokens are remembered.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What came of a token that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// It was good: its successor is the newest token of the session now.
    Replaced {
        /// The session.
        session: Uuid,
        /// Whose it is.
        account: AccountId,
        /// What he may do.
        role: Role,
        /// How many guests' scopes belong to the account.
        guests: usize,
        /// When the session ends where the successor is not used.
        expires_at: Timestamp,
    },
    /// It was used before: the session, whoever holds it, has ended now.
    Reused {
        /// The session that ended.
        session: Uuid,
    },
    /// It is none of a session that has not ended.
    Unknown,
}

/// A token that was shown, with what belongs to it. Its session is locked.
struct Shown {
    session: Uuid,
    account: Uuid,
    role: String,
    used_at: Option<jiff_sqlx::Timestamp>,
    expires_at: jiff_sqlx::Timestamp,
    ends_at: jiff_sqlx::Timestamp,
    successor_is_unused: bool,
    guests: i64,
}

impl Storage {
    /// Replaces the token of `hash` by `successor`, both SHA-256, and prolongs its session by `life`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn rotate_refresh_token(
        &self,
        hash: &[u8; 32],
        successor: &[u8; 32],
        life: Duration,
        now: Timestamp,
    ) -> Result<Rotated, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let rotated = match shown(&mut transaction, hash, successor).await? {
                Some(shown) => rotate(&mut transaction, shown, (hash, successor), life, now).await?,
                None => Rotated::Unknown,
            };
            transaction.commit().await?;
            Ok(rotated)
        };
        self.within(Box::pin(work)).await
    }
}

/// Locks the session before it looks at its tokens: of two who show one at once, the second sees what the first did.
async fn shown(
    connection: &mut PgConnection,
    hash: &[u8; 32],
    successor: &[u8; 32],
) -> Result<Option<Shown>, StorageError> {
    sqlx::query!(
        r#"SELECT id FROM sessions WHERE id = (SELECT session FROM refresh_tokens WHERE hash = $1) FOR UPDATE"#,
        hash.as_slice()
    )
    .fetch_optional(&mut *connection)
    .await?;
    Ok(sqlx::query_as!(
        Shown,
        r#"SELECT sessions.id AS session, sessions.account, accounts.role, token.used_at AS "used_at: _",
                  sessions.expires_at AS "expires_at: _", sessions.ends_at AS "ends_at: _",
                  EXISTS (SELECT 1 FROM refresh_tokens WHERE hash = $2 AND used_at IS NULL) AS "successor_is_unused!",
                  (SELECT count(*) FROM account_guests WHERE account = sessions.account) AS "guests!"
           FROM refresh_tokens AS token
           JOIN sessions ON sessions.id = token.session
           JOIN accounts ON accounts.id = sessions.account
           WHERE token.hash = $1"#,
        hash.as_slice(),
        successor.as_slice(),
    )
    .fetch_optional(connection)
    .await?)
}

async fn rotate(
    connection: &mut PgConnection,
    shown: Shown,
    (hash, successor): (&[u8; 32], &[u8; 32]),
    life: Duration,
    now: Timestamp,
) -> Result<Rotated, StorageError> {
    let mut expires_at = shown.expires_at.to_jiff();
    if expires_at <= now {
        return Ok(Rotated::Unknown);
    }
    match shown.used_at {
        None => {
            expires_at = (now + life).min(shown.ends_at.to_jiff());
            replace(connection, shown.session, (hash, successor), now).await?;
            prolong(connection, shown.session, expires_at, now).await?;
        }
        Some(used_at) if shown.successor_is_unused && used_at.to_jiff() + AGAIN_WITHIN >= now => {}
        Some(_) => {
            sqlx::query!(r#"DELETE FROM sessions WHERE id = $1"#, shown.session)
                .execute(connection)
                .await?;
            return Ok(Rotated::Reused {
                session: shown.session,
            });
        }
    }
    Ok(Rotated::Replaced {
        session: shown.session,
        account: AccountId(shown.account),
        role: shown.role.parse()?,
        guests: usize::try_from(shown.guests).unwrap_or_default(),
        expires_at,
    })
}

async fn replace(
    connection: &mut PgConnection,
    session: Uuid,
    (hash, successor): (&[u8; 32], &[u8; 32]),
    now: Timestamp,
) -> Result<(), StorageError> {
    sqlx::query!(
        r#"UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1"#,
        hash.as_slice(),
        time(now) as _,
    )
    .execute(&mut *connection)
    .await?;
    add_token(connection, session, successor, now).await
}

/// A used token is forgotten when it is as old as an unused session may become: whoever kept it so long gets nothing by it, and its reuse says
/// nothing any more.
async fn prolong(
    connection: &mut PgConnection,
    session: Uuid,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), StorageError> {
    sqlx::query!(
        r#"UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1"#,
        session,
        time(now) as _,
        time(expires_at) as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"DELETE FROM refresh_tokens WHERE session = $1 AND used_at < $2"#,
        session,
        time(now - REMEMBERED) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
