//! Wishes that an event may fulfil.

use domain::{Customer, WishId};
use uuid::Uuid;

use super::{Wish, WishRow};
use crate::values::read;
use crate::{Storage, StorageError};

impl Storage {
    /// At most `limit` of the wishes that are filed under one of `keys`, above `after` by their ids and in the order of them. Fewer are the last.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn wishes_under(
        &self,
        keys: &[i64],
        after: Option<WishId>,
        limit: u32,
    ) -> Result<Vec<Wish>, StorageError> {
        let rows = self.within(async {
            // From each key no more than a page, straight from the index: that there are many more costs nothing.
            Ok(sqlx::query_as!(
                WishRow,
                r#"SELECT w.id, w.customer, w.topic, w.condition, w.created_at AS "created_at: _"
                   FROM (SELECT DISTINCT found.wish
                         FROM unnest($1::bigint[]) AS sought (key)
                         CROSS JOIN LATERAL (SELECT k.wish FROM wish_keys AS k WHERE k.key = sought.key AND k.wish > $2
                                             ORDER BY k.wish LIMIT $3) AS found
                         ORDER BY found.wish LIMIT $3) AS page
                   JOIN wishes AS w ON w.id = page.wish
                   ORDER BY w.id"#,
                keys,
                after.map_or(Uuid::nil(), |after| after.0),
                i64::from(limit),
            )
            .fetch_all(&self.pool)
            .await?)
        });
        rows.await?.into_iter().map(Wish::try_from).collect()
    }

    /// The wishes on `topics` of those who hear of an order of each of `owners`, each with the owner it is about: his own, and for a guest's scope that
    /// belongs to an account also those of the account.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn wishes_about_orders(
        &self,
        owners: &[Customer],
        topics: &[String],
    ) -> Result<Vec<(Customer, Wish)>, StorageError> {
        let owners: Vec<String> = owners.iter().map(Customer::to_string).collect();
        let rows = self.within(async {
            // Through the index (`OFFSET 0`), as `installations_told_of`.
            Ok(sqlx::query!(
                r#"SELECT beside.about AS "owner!", w.id, w.customer, w.topic, w.condition,
                          w.created_at AS "created_at: jiff_sqlx::Timestamp"
                   FROM customers_beside_each($1) AS beside
                   CROSS JOIN LATERAL (SELECT * FROM wishes AS his
                                       WHERE his.customer = beside.customer AND his.topic = ANY ($2) OFFSET 0) AS w ORDER BY w.id"#,
                &owners,
                topics,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let wishes = rows.await?.into_iter().map(|row| {
            let wish = WishRow {
                id: row.id,
                customer: row.customer,
                topic: row.topic,
                condition: row.condition,
                created_at: row.created_at,
            };
            Ok((read("customer", &row.owner)?, wish.try_into()?))
        });
        wishes.collect()
    }
}
