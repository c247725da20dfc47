//! Whose devices hear of an order.

use domain::Customer;
use sqlx::types::Json;

use super::{Channel, Installation, InstallationRow};
use crate::{Storage, StorageError};

/// A device that is about to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The device as it is now.
    pub installation: Installation,
    /// Whether it hears of what concerns the customer.
    pub concerned: bool,
}

impl Storage {
    /// The active installations that hear of a customer's orders: his own, and for a guest's scope that belongs to an account also those of the account.
    /// Only for telling them: a guest's token must not show an account's devices.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn installations_told_of(&self, customer: Customer) -> Result<Vec<Installation>, StorageError> {
        let rows = self.within(async {
            Ok(sqlx::query_as!(
                InstallationRow,
                r#"SELECT id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale,
                          tags, expires_at AS "expires_at: _", updated_at AS "updated_at: _"
                   FROM installations WHERE customer IN (SELECT customers_beside($1)) AND state = 'active'
                     AND (expires_at IS NULL OR expires_at > now()) ORDER BY id"#,
                customer.to_string(),
            )
            .fetch_all(&self.pool)
            .await?)
        });
        rows.await?.into_iter().map(Installation::try_from).collect()
    }
}
