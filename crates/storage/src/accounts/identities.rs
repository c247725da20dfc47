//! Who is meant by the subject of an outside issuer's token.

use domain::AccountId;
use jiff::Timestamp;

use crate::values::time;
use crate::{Storage, StorageError};

impl Storage {
    /// The account of `subject` as `issuer` names it; made with the id `fresh` at first sight, without address and password.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn account_of_identity(
        &self,
        issuer: &str,
        subject: &str,
        fresh: AccountId,
        now: Timestamp,
    ) -> Result<AccountId, StorageError> {
        if let Some(known) = self.known_identity(issuer, subject).await? {
            return Ok(known);
        }
        let work = async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query!(
                r#"INSERT INTO accounts (id, created_at, updated_at) VALUES ($1, $2, $2)"#,
                fresh.0,
                time(now) as _,
            )
            .execute(&mut *transaction)
            .await?;
            let made = sqlx::query!(
                r#"INSERT INTO account_identities (issuer, subject, account, created_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (issuer, subject) DO NOTHING"#,
                issuer,
                subject,
                fresh.0,
                time(now) as _,
            )
            .execute(&mut *transaction)
            .await?;
            if made.rows_affected() == 0 {
                // Another request of his made it meanwhile.
                transaction.rollback().await?;
                return Ok(None);
            }
            transaction.commit().await?;
            Ok(Some(fresh))
        };
        match self.within(Box::pin(work)).await? {
            Some(made) => Ok(made),
            None => {
                let known = self.known_identity(issuer, subject).await?;
                known.ok_or_else(|| StorageError::failed("an identity is there and is not"))
            }
        }
    }

    async fn known_identity(&self, issuer: &str, subject: &str) -> Result<Option<AccountId>, StorageError> {
        let known = self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT account FROM account_identities WHERE issuer = $1 AND subject = $2"#,
                issuer,
                subject
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        Ok(known.await?.map(AccountId))
    }
}
