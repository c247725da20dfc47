//! What a customer wants to be told, by which way, in which language.

mod mail;

use std::collections::HashMap;

use domain::Customer;
use jiff::Timestamp;
use uuid::Uuid;

pub use mail::MailTo;

use crate::installations::erased::is_erased;
use crate::values::{read, time};
use crate::{Storage, StorageError};

/// What one can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// One's own orders.
    Orders,
    /// What one asked to be told of.
    Wishes,
    /// What the shop wants to tell.
    News,
}

/// How one can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// On devices and in browsers.
    Push,
    /// By e-mail.
    Email,
}

/// The ways that are allowed for one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// On devices and in browsers.
    pub push: bool,
    /// By e-mail.
    pub email: bool,
}

/// What a customer has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// Of one's own orders.
    pub orders: Ways,
    /// Of what one asked to be told of.
    pub wishes: Ways,
    /// Of what the shop wants to tell.
    pub news: Ways,
    /// BCP 47 language tag of all texts; none leaves it to the account or the device.
    pub locale: Option<String>,
}

/// Of who has said nothing: everything, but no news by e-mail, which the law of many countries wants to be asked for.
impl Default for Preferences {
    fn default() -> Self {
        let both = Ways {
            push: true,
            email: true,
        };
        Self {
            orders: both,
            wishes: both,
            news: Ways { email: false, ..both },
            locale: None,
        }
    }
}

impl Preferences {
    /// Whether its customer wants to be told of `topic` by `way`. Asked before anything is queued.
    pub fn allows(&self, topic: Topic, way: Way) -> bool {
        let ways = match topic {
            Topic::Orders => self.orders,
            Topic::Wishes => self.wishes,
            Topic::News => self.news,
        };
        match way {
            Way::Push => ways.push,
            Way::Email => ways.email,
        }
    }

    /// The language to use in place of `known`, that of a device or an account.
    pub fn locale_or<'a>(&'a self, known: &'a str) -> &'a str {
        self.locale.as_deref().unwrap_or(known)
    }
}

/// A row of `preferences`, and who was asked for.
struct PreferencesRow {
    asked: String,
    orders_push: bool,
    orders_email: bool,
    wishes_push: bool,
    wishes_email: bool,
    news_push: bool,
    news_email: bool,
    locale: Option<String>,
}

impl From<PreferencesRow> for Preferences {
    fn from(row: PreferencesRow) -> Self {
        let ways = |push, email| Ways { push, email };
        Self {
            orders: ways(row.orders_push, row.orders_email),
            wishes: ways(row.wishes_push, row.wishes_email),
            news: ways(row.news_push, row.news_email),
            locale: row.locale,
        }
    }
}

impl Storage {
    /// What `customer` has chosen; the defaults where he has said nothing.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn preferences(&self, customer: Customer) -> Result<Preferences, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                PreferencesRow,
                r#"SELECT customer AS asked, orders_push, orders_email, wishes_push, wishes_email, news_push, news_email, locale
                   FROM preferences WHERE customer = $1"#,
                customer.to_string(),
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        Ok(row.await?.map(Preferences::from).unwrap_or_default())
    }

    /// What counts for each of `customers` when they are told: for a guest's scope that belongs to an account what the account has chosen, where
    /// it has. Who is not in the answer has said nothing: the defaults count.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn preferences_told_of(
        &self,
        customers: &[Customer],
    ) -> Result<HashMap<Customer, Preferences>, StorageError> {
        let customers: Vec<_> = customers.iter().map(Customer::to_string).collect();
        let rows = self.within(async {
            // `account:` comes before `guest:`. Through the key (`OFFSET 0`), as `installations_told_of`.
            Ok(sqlx::query_as!(
                PreferencesRow,
                r#"SELECT DISTINCT ON (asked) asked AS "asked!", orders_push, orders_email, wishes_push, wishes_email, news_push,
                          news_email, locale
                   FROM customers_beside_each($1) AS beside (asked, own)
                   CROSS JOIN LATERAL (SELECT * FROM preferences WHERE customer = own OFFSET 0) AS his
                   ORDER BY asked, own"#,
                &customers,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let found = rows.await?.into_iter();
        found
            .map(|row| Ok((read("customer", &row.asked)?, row.into())))
            .collect()
    }

    /// Puts what `customer` has chosen. Gives whether it is kept: of an erased customer nothing is.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn put_preferences(
        &self,
        customer: Customer,
        preferences: &Preferences,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let Preferences {
            orders,
            wishes,
            news,
            locale,
        } = preferences;
        let work = async {
            let mut transaction = self.pool.begin().await?;
            if is_erased(&mut transaction, customer).await? {
                return Ok(false);
            }
            sqlx::query!(
                r#"INSERT INTO preferences (customer, orders_push, orders_email, wishes_push, wishes_email, news_push, news_email,
                                            locale, updated_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                   ON CONFLICT (customer) DO UPDATE SET orders_push = excluded.orders_push, orders_email = excluded.orders_email,
                       wishes_push = excluded.wishes_push, wishes_email = excluded.wishes_email, news_push = excluded.news_push,
                       news_email = excluded.news_email, locale = excluded.locale, updated_at = excluded.updated_at"#,
                customer.to_string(),
                orders.push,
                orders.email,
                wishes.push,
                wishes.email,
                news.push,
                news.email,
                locale.as_deref(),
                time(now) as _,
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(true)
        };
        self.within(Box::pin(work)).await
    }

    /// Tells `customer`, and the account that a guest's scope belongs to, no news any more. Of an erased customer nothing is kept.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn stop_news(&self, customer: Customer, now: Timestamp) -> Result<(), StorageError> {
        let guest: Option<Uuid> = match customer {
            Customer::Guest(guest) => Some(guest.0),
            Customer::Account(_) => None,
        };
        let usual = Preferences::default();
        let work = async {
            let mut transaction = self.pool.begin().await?;
            if is_erased(&mut transaction, customer).await? {
                return Ok(());
            }
            sqlx::query!(
                r#"INSERT INTO preferences (customer, orders_push, orders_email, wishes_push, wishes_email, news_push, news_email, updated_at)
                   SELECT own, $3, $4, $5, $6, false, false, $7
                   FROM (SELECT $1::text AS own UNION SELECT 'account:' || account FROM account_guests WHERE guest = $2) AS owns
                   ON CONFLICT (customer) DO UPDATE SET news_push = false, news_email = false, updated_at = excluded.updated_at"#,
                customer.to_string(),
                guest,
                usual.orders.push,
                usual.orders.email,
                usual.wishes.push,
                usual.wishes.email,
                time(now) as _,
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(())
        };
        self.within(Box::pin(work)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_said_nothing_is_told_everything_but_news_by_email() {
        let usual = Preferences::default();
        for topic in [Topic::Orders, Topic::Wishes, Topic::News] {
            assert!(usual.allows(topic, Way::Push), "{topic:?}");
            assert_eq!(usual.allows(topic, Way::Email), topic != Topic::News, "{topic:?}");
        }
        assert_eq!(usual.locale_or("de"), "de");
    }
}
