//! What a customer asks about devices of his own.

use domain::{Customer, InstallationId};
use sqlx::types::Json;

use super::{Channel, Installation, InstallationRow};
use crate::{Storage, StorageError};

impl Storage {
    /// The active installations of a customer.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn installations_of(&self, customer: Customer) -> Result<Vec<Installation>, StorageError> {
        let rows = self.within(async {
            Ok(sqlx::query_as!(
                InstallationRow,
                r#"SELECT id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale,
                          updated_at AS "updated_at: _"
                   FROM installations WHERE customer = $1 AND state = 'active' ORDER BY id"#,
                customer.to_string(),
            )
            .fetch_all(&self.pool)
            .await?)
        });
        rows.await?.into_iter().map(Installation::try_from).collect()
    }

    /// Forgets an installation of `customer`. Gives whether there was one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn remove_installation(
        &self,
        customer: Customer,
        id: InstallationId,
    ) -> Result<bool, StorageError> {
        let removed = self.within(async {
            Ok(sqlx::query!(
                r#"DELETE FROM installations WHERE id = $1 AND customer = $2"#,
                id.0,
                customer.to_string(),
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(removed.await?.rows_affected() == 1)
    }
}
