//! Whose devices hear of what their owners wished for.

use domain::Customer;
use sqlx::types::Json;

use super::{Channel, Installation, InstallationRow};
use crate::values::read;
use crate::{Storage, StorageError};

impl Storage {
    /// The active installations that hear of what concerns each of `customers`, each with the customer it is about: as
    /// [`Storage::installations_told_of`], for many at once.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn installations_told_of_each(
        &self,
        customers: &[Customer],
    ) -> Result<Vec<(Customer, Installation)>, StorageError> {
        let customers: Vec<String> = customers.iter().map(Customer::to_string).collect();
        let rows = self.within(async {
            Ok(sqlx::query!(
                r#"SELECT about.customer AS "about!", i.id, i.app, i.customer, i.platform, i.environment,
                          i.channel AS "channel: Json<Channel>", i.locale, i.tags,
                          i.expires_at AS "expires_at: jiff_sqlx::Timestamp", i.updated_at AS "updated_at: jiff_sqlx::Timestamp"
                   FROM unnest($1::text[]) AS about (customer)
                   CROSS JOIN LATERAL customers_beside(about.customer) AS beside (customer)
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
