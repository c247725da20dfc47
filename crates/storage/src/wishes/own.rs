//! What someone asks about wishes of his own.

use std::fmt;
use std::str::FromStr;

use domain::{Customer, WishId};
use jiff::Timestamp;
use sqlx::PgExecutor;

use super::{Wish, WishRow};
use crate::values::time;
use crate::{Storage, StorageError};

/// A page of wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishPage {
    /// The newest first.
    pub wishes: Vec<Wish>,
    /// Where the next page begins; none on the last one.
    pub next: Option<WishPlace>,
}

/// A place in the list of someone's wishes. As text `<microseconds>.<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WishPlace {
    /// When the last wish before it was made.
    at: Timestamp,
    /// That wish.
    id: WishId,
}

impl fmt::Display for WishPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.as_microsecond(), self.id)
    }
}

impl FromStr for WishPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        Ok(Self {
            at: Timestamp::from_microsecond(at.parse().map_err(drop)?).map_err(drop)?,
            id: id.parse().map_err(drop)?,
        })
    }
}

impl Storage {
    /// At most `limit` of the wishes of `customers` (an account and the guests' scopes that belong to it, or one guest), the newest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn wishes(
        &self,
        customers: &[Customer],
        after: Option<WishPlace>,
        limit: u32,
    ) -> Result<WishPage, StorageError> {
        let customers = texts(customers);
        let rows = self.within(async {
            Ok(sqlx::query_as!(
                WishRow,
                r#"SELECT id, customer, topic, condition, created_at AS "created_at: _" FROM wishes
                   WHERE customer = ANY ($1) AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
                   ORDER BY created_at DESC, id DESC LIMIT $4"#,
                &customers,
                after.map(|place| time(place.at)) as _,
                after.map(|place| place.id.0),
                i64::from(limit) + 1,
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let wishes = rows.await?.into_iter().map(Wish::try_from);
        let mut wishes: Vec<Wish> = wishes.collect::<Result<_, _>>()?;
        let is_more = wishes.len() > limit as usize;
        wishes.truncate(limit as usize);
        let last = wishes.last().filter(|_| is_more);
        let next = last.map(|last| WishPlace {
            at: last.created_at,
            id: last.id,
        });
        Ok(WishPage { wishes, next })
    }

    /// One of the wishes of `customers`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn wish(&self, customers: &[Customer], id: WishId) -> Result<Option<Wish>, StorageError> {
        self.within(wish(&self.pool, customers, id)).await
    }

    /// Takes back one of the wishes of `customers`. Gives whether there was one.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn remove_wish(&self, customers: &[Customer], id: WishId) -> Result<bool, StorageError> {
        let customers = texts(customers);
        let removed = self.within(async {
            Ok(sqlx::query!(
                r#"DELETE FROM wishes WHERE id = $1 AND customer = ANY ($2)"#,
                id.0,
                &customers,
            )
            .execute(&self.pool)
            .await?)
        });
        Ok(removed.await?.rows_affected() == 1)
    }
}

pub(super) async fn wish(
    executor: impl PgExecutor<'_>,
    customers: &[Customer],
    id: WishId,
) -> Result<Option<Wish>, StorageError> {
    let row = sqlx::query_as!(
        WishRow,
        r#"SELECT id, customer, topic, condition, created_at AS "created_at: _" FROM wishes
           WHERE id = $1 AND customer = ANY ($2)"#,
        id.0,
        &texts(customers),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Wish::try_from).transpose()
}

fn texts(customers: &[Customer]) -> Vec<String> {
    customers.iter().map(Customer::to_string).collect()
}
