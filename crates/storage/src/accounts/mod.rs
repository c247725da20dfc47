//! Accounts, the guests' scopes that belong to them, and their sessions.

mod addresses;
mod guests;
mod identities;
mod profile;
mod refresh;
mod sessions;

use std::fmt;
use std::str::FromStr;

use domain::{AccountId, GuestId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use addresses::{AddressEntry, Saved};
pub use guests::Scopes;
pub use profile::AccountChange;
pub use refresh::Rotated;
pub use sessions::{NewSession, Opened, Session};

use crate::values::{time, unreadable};
use crate::{Storage, StorageError};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Orders for himself.
    Customer,
    /// Works for the shop.
    Staff,
}

impl Role {
    /// As stored: `customer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = StorageError;

    fn from_str(stored: &str) -> Result<Self, StorageError> {
        match stored {
            "customer" => Ok(Self::Customer),
            "staff" => Ok(Self::Staff),
            other => Err(unreadable("role", other)),
        }
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The address as its owner writes it; none of someone who signs in elsewhere.
    pub email: Option<String>,
    /// The address in lower case: one account for each.
    pub email_key: Option<String>,
    /// What it may do.
    pub role: Role,
    /// What its owner is called; may be empty.
    pub name: String,
    /// BCP 47 language tag.
    pub locale: String,
    /// When its owner signed up.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The constraint that [`StorageError::Exists`] names where an address has an account already.
pub const EMAIL_TAKEN: &str = "accounts_email";

/// A row of `accounts`.
struct AccountRow {
    id: Uuid,
    email: Option<String>,
    email_key: Option<String>,
    password: Option<String>,
    role: String,
    name: String,
    locale: String,
    created_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
}

impl TryFrom<AccountRow> for Account {
    type Error = StorageError;

    fn try_from(row: AccountRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: AccountId(row.id),
            email: row.email,
            email_key: row.email_key,
            role: row.role.parse()?,
            name: row.name,
            locale: row.locale,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        })
    }
}

impl Storage {
    /// Makes an account with its first session, and adds a guest's scope to it where one is given.
    ///
    /// # Errors
    /// [`StorageError::Exists`] with [`EMAIL_TAKEN`] where the address has an account; else as any call.
    pub async fn sign_up(
        &self,
        account: &Account,
        password: &str,
        guest: Option<GuestId>,
        session: &NewSession,
    ) -> Result<Opened, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query!(
                r#"INSERT INTO accounts (id, email, email_key, password, role, name, locale, created_at, updated_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
                account.id.0,
                account.email,
                account.email_key,
                password,
                account.role.as_str(),
                account.name,
                account.locale,
                time(account.created_at) as _,
                time(account.updated_at) as _,
            )
            .execute(&mut *transaction)
            .await?;
            let opened = sessions::open(&mut transaction, account.id, guest, session).await?;
            transaction.commit().await?;
            Ok(opened)
        };
        self.within(Box::pin(work)).await
    }

    /// The account of an address in lower case, and the hash of its password, if it has one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn account_by_email(
        &self,
        email_key: &str,
    ) -> Result<Option<(Account, Option<String>)>, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                AccountRow,
                r#"SELECT id, email, email_key, password, role, name, locale,
                          created_at AS "created_at: _", updated_at AS "updated_at: _"
                   FROM accounts WHERE email_key = $1"#,
                email_key,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        row.await?.map(with_password).transpose()
    }

    /// An account, and the hash of its password, if it has one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn account(&self, id: AccountId) -> Result<Option<(Account, Option<String>)>, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                AccountRow,
                r#"SELECT id, email, email_key, password, role, name, locale,
                          created_at AS "created_at: _", updated_at AS "updated_at: _"
                   FROM accounts WHERE id = $1"#,
                id.0,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        row.await?.map(with_password).transpose()
    }
}

fn with_password(mut row: AccountRow) -> Result<(Account, Option<String>), StorageError> {
    let password = row.password.take();
    Ok((row.try_into()?, password))
}
