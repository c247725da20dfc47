//! Guests' scopes that belong to accounts.

use domain::{AccountId, GuestId};
use jiff::Timestamp;
use sqlx::PgConnection;

use crate::values::time;
use crate::{Storage, StorageError};

/// The most scopes of one account: each makes every one of its lists dearer.
const MOST: i64 = 50;

/// What adding a scope to an account came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes {
    /// Every scope that belongs to the account now, in the order in which they were added.
    pub guests: Vec<GuestId>,
    /// Whether the scope that was given is among them.
    pub added: bool,
}

impl Storage {
    /// Adds a guest's scope to an account, unless it belongs to another one or the account has as many as it may.
    /// One that belongs to it already stays as it is.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn add_guest(
        &self,
        account: AccountId,
        guest: GuestId,
        now: Timestamp,
    ) -> Result<Scopes, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let added = add(&mut transaction, account, guest, now).await?;
            let guests = of(&mut transaction, account).await?;
            transaction.commit().await?;
            Ok(Scopes { guests, added })
        };
        self.within(Box::pin(work)).await
    }

    /// The scopes that belong to an account, in the order in which they were added. They only become more.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn guests_of(&self, account: AccountId) -> Result<Vec<GuestId>, StorageError> {
        let guests = self.within(async {
            let mut connection = self.pool.acquire().await?;
            of(&mut connection, account).await
        });
        Box::pin(guests).await
    }
}

/// Adds the scope to the account, unless it belongs to another one, was erased with one, or the account has as many as it may.
/// Gives whether it belongs to it now.
pub(super) async fn add(
    connection: &mut PgConnection,
    account: AccountId,
    guest: GuestId,
    now: Timestamp,
) -> Result<bool, StorageError> {
    sqlx::query!(
        r#"INSERT INTO account_guests (guest, account, added_at)
           SELECT $1::uuid, $2, $3 WHERE (SELECT count(*) FROM account_guests WHERE account = $2) < $4
               AND NOT EXISTS (SELECT FROM erased_customers WHERE customer = 'guest:' || $1::uuid)
           ON CONFLICT (guest) DO NOTHING"#,
        guest.0,
        account.0,
        time(now) as _,
        MOST,
    )
    .execute(&mut *connection)
    .await?;
    let owner = sqlx::query_scalar!(r#"SELECT account FROM account_guests WHERE guest = $1"#, guest.0)
        .fetch_optional(connection)
        .await?;
    Ok(owner == Some(account.0))
}

/// The scopes of an account.
pub(super) async fn of(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<Vec<GuestId>, StorageError> {
    let guests = sqlx::query_scalar!(
        r#"SELECT guest FROM account_guests WHERE account = $1 ORDER BY added_at, guest"#,
        account.0
    )
    .fetch_all(connection)
    .await?;
    Ok(guests.into_iter().map(GuestId).collect())
}
