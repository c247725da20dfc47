//! Whose devices hear of what concerns a customer.

use domain::Customer;
use sqlx::types::Json;

use super::{Channel, Installation, InstallationRow};
use crate::values::read;
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
    /// The active installations that hear of what concerns each of `customers`, each with the customer it is about: his own, and for a guest's scope
    /// that belongs to an account also those of the account. By their ids.
    /// Only for telling them: a guest's token must not show an account's devices.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn installations_told_of(
        &self,
        customers: &[Customer],
    ) -> Result<Vec<(Customer, Installation)>, StorageError> {
        let customers: Vec<String> = customers.iter().map(Customer::to_string).collect();
        let rows = self.within(async {
            // Through the index (`OFFSET 0`): a function is believed to give a thousand customers, and all devices would be read.
            Ok(sqlx::query!(
                r#"SELECT beside.about AS "about!", i.id, i.app, i.customer, i.platform, i.environment,
                          i.channel AS "channel: Json<Channel>", i.locale, i.tags,
                          i.expires_at AS "expires_at: jiff_sqlx::Timestamp", i.updated_at AS "updated_at: jiff_sqlx::Timestamp"
                   FROM customers_beside_each($1) AS beside
                   CROSS JOIN LATERAL (SELECT * FROM installations AS his
                                       WHERE his.customer = beside.customer AND his.state = 'active'
                                         AND (his.expires_at IS NULL OR his.expires_at > now()) OFFSET 0) AS i ORDER BY i.id"#,
                &customers,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let installations = rows.await?.into_iter().map(|row| {
            let installation = InstallationRow {
                id: row.id,
                app: row.app,
                customer: row.customer,
                platform: row.platform,
                environment: row.environment,
                channel: row.channel,
                locale: row.locale,
                tags: row.tags,
                expires_at: row.expires_at,
                updated_at: row.updated_at,
            };
            Ok((read("customer", &row.about)?, installation.try_into()?))
        });
        installations.collect()
    }
}
