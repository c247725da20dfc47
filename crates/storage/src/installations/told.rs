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
            // Through the index (`OFFSET 0`): a function is believed to give a thousand customers, and all devices would be read.
            Ok(sqlx::query_as!(
                InstallationRow,
                r#"SELECT id, app, his.customer, platform, environment, channel AS "channel: Json<Channel>", locale,
                          tags, expires_at AS "expires_at: _", updated_at AS "updated_at: _"
                   FROM customers_beside($1) AS beside (customer)
                   CROSS JOIN LATERAL (SELECT * FROM installations AS i
                                       WHERE i.customer = beside.customer AND i.state = 'active'
                                         AND (i.expires_at IS NULL OR i.expires_at > now()) OFFSET 0) AS his ORDER BY id"#,
                customer.to_string(),
            )
            .fetch_all(&self.pool)
            .await?)
        });
        rows.await?.into_iter().map(Installation::try_from).collect()
    }
}
