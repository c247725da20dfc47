//! What an account's owner changes about it.

use domain::AccountId;
use jiff::Timestamp;
use uuid::Uuid;

use super::sessions::end_others;
use super::{Account, AccountRow};
use crate::values::time;
use crate::{Storage, StorageError};

/// What is to be changed; none leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The address, and the same in lower case.
    pub email: Option<(String, String)>,
    /// What its owner is called.
    pub name: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
}

impl Storage {
    /// Changes an account. Gives it as it is then; none where there is none.
    ///
    /// # Errors
    /// [`StorageError::Exists`] with [`super::EMAIL_TAKEN`] where the address has an account; else as any call.
    pub async fn change_account(
        &self,
        id: AccountId,
        change: AccountChange,
        now: Timestamp,
    ) -> Result<Option<Account>, StorageError> {
        let (email, email_key) = change.email.unzip();
        let row = self.within(async {
            Ok(sqlx::query_as!(
                AccountRow,
                r#"UPDATE accounts SET email = coalesce($2, email), email_key = coalesce($3, email_key),
                          name = coalesce($4, name), locale = coalesce($5, locale), updated_at = $6
                   WHERE id = $1
                   RETURNING id, email, email_key, password, role, name, locale,
                             created_at AS "created_at: _", updated_at AS "updated_at: _""#,
                id.0,
                email,
                email_key,
                change.name,
                change.locale,
                time(now) as _,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        row.await?.map(Account::try_from).transpose()
    }

    /// Gives the account another password, if it has still the one of the hash `old`, and ends every session but `kept`. Gives those that it
    /// ended; none where the password was changed meanwhile.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn change_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
        kept: Uuid,
        now: Timestamp,
    ) -> Result<Option<Vec<Uuid>>, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let changed = sqlx::query!(
                r#"UPDATE accounts SET password = $3, updated_at = $4 WHERE id = $1 AND password = $2"#,
                id.0,
                old,
                new,
                time(now) as _,
            )
            .execute(&mut *transaction)
            .await?;
            if changed.rows_affected() == 0 {
                return Ok(None);
            }
            let ended = end_others(&mut transaction, id, kept).await?;
            transaction.commit().await?;
            Ok(Some(ended))
        };
        self.within(Box::pin(work)).await
    }
}
