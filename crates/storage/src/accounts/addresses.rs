//! Address books.

use domain::{AccountId, AddressId, SavedAddress};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::values::time;
use crate::{Storage, StorageError};

/// The most entries of one book.
const MOST: i64 = 20;

/// An entry of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressEntry {
    /// Its id.
    pub id: AddressId,
    /// What it says.
    pub entry: SavedAddress,
}

/// What adding an entry came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is there now.
    Added,
    /// One of this id was there, which says the same.
    Same,
    /// One of this id was there, which says something else.
    Other,
    /// The book is full.
    Full,
}

/// A row of `addresses`.
struct AddressRow {
    id: Uuid,
    entry: Json<SavedAddress>,
}

impl From<AddressRow> for AddressEntry {
    fn from(row: AddressRow) -> Self {
        Self {
            id: AddressId(row.id),
            entry: row.entry.0,
        }
    }
}

impl Storage {
    /// Adds an entry to the account's book, once for each id. Two at once may fill it beyond its measure by one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn add_address(
        &self,
        account: AccountId,
        id: AddressId,
        entry: &SavedAddress,
        now: Timestamp,
    ) -> Result<Saved, StorageError> {
        let added = self.within(async {
            Ok(sqlx::query!(
                r#"INSERT INTO addresses (id, account, entry, created_at, updated_at)
                   SELECT $1, $2, $3, $4, $4 WHERE (SELECT count(*) FROM addresses WHERE account = $2) < $5
                   ON CONFLICT (id) DO NOTHING"#,
                id.0,
                account.0,
                Json(entry) as _,
                time(now) as _,
                MOST,
            )
            .execute(&self.pool)
            .await?)
        });
        if added.await?.rows_affected() == 1 {
            return Ok(Saved::Added);
        }
        Ok(match self.address(account, id).await? {
            Some(present) if present.entry == *entry => Saved::Same,
            Some(_) => Saved::Other,
            None => Saved::Full,
        })
    }

    /// The account's entries, in the order in which they were added.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn addresses(&self, account: AccountId) -> Result<Vec<AddressEntry>, StorageError> {
        let rows = self.within(async {
            Ok(sqlx::query_as!(
                AddressRow,
                r#"SELECT id, entry AS "entry: Json<SavedAddress>" FROM addresses WHERE account = $1 ORDER BY created_at, id"#,
                account.0,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        Ok(rows.await?.into_iter().map(AddressEntry::from).collect())
    }

    /// An entry of the account's.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn address(
        &self,
        account: AccountId,
        id: AddressId,
    ) -> Result<Option<AddressEntry>, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                AddressRow,
                r#"SELECT id, entry AS "entry: Json<SavedAddress>" FROM addresses WHERE id = $1 AND account = $2"#,
                id.0,
                account.0,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        Ok(row.await?.map(AddressEntry::from))
    }

    /// Puts something else into an entry of the account's. Gives whether there is one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn put_address(
        &self,
        account: AccountId,
        id: AddressId,
        entry: &SavedAddress,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let put = self.within(async {
            Ok(sqlx::query!(
                r#"UPDATE addresses SET entry = $3, updated_at = $4 WHERE id = $1 AND account = $2"#,
                id.0,
                account.0,
                Json(entry) as _,
                time(now) as _,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(put.await?.rows_affected() == 1)
    }

    /// Takes an entry out of the account's book. Gives whether there was one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn remove_address(&self, account: AccountId, id: AddressId) -> Result<bool, StorageError> {
        let removed = self.within(async {
            Ok(sqlx::query!(
                r#"DELETE FROM addresses WHERE id = $1 AND account = $2"#,
                id.0,
                account.0
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(removed.await?.rows_affected() == 1)
    }
}
