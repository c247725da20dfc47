//! What someone asks about devices of his own.

use domain::{Customer, InstallationId};
use sqlx::types::Json;

use super::{Channel, Installation, InstallationRow};
use crate::{Storage, StorageError};

impl Storage {
    /// The active installations of `customers`: an account and the guests' scopes that belong to it, or one guest.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn installations_of(&self, customers: &[Customer]) -> Result<Vec<Installation>, StorageError> {
        let customers = texts(customers);
        let rows = self.within(async {
            Ok(sqlx::query_as!(
                InstallationRow,
                r#"SELECT id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale,
                          tags, expires_at AS "expires_at: _", updated_at AS "updated_at: _"
                   FROM installations WHERE customer = ANY($1) AND state = 'active'
                     AND (expires_at IS NULL OR expires_at > now()) ORDER BY id"#,
                &customers,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        rows.await?.into_iter().map(Installation::try_from).collect()
    }

    /// Forgets an installation of one of `customers`. Gives whether there was one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn remove_installation(
        &self,
        customers: &[Customer],
        id: InstallationId,
    ) -> Result<bool, StorageError> {
        let customers = texts(customers);
        let removed = self.within(async {
            Ok(sqlx::query!(
                r#"DELETE FROM installations WHERE id = $1 AND customer = ANY($2)"#,
                id.0,
                &customers,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(removed.await?.rows_affected() == 1)
    }
}

fn texts(customers: &[Customer]) -> Vec<String> {
    customers.iter().map(Customer::to_string).collect()
}
