//! What customers want to hear of.

mod found;
mod own;

use domain::{Customer, WishId};
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::installations::erased::is_erased;
use crate::values::{read, time};
use crate::{Storage, StorageError};

pub use own::{WishPage, WishPlace};

/// The most wishes of one customer.
pub const MOST: i64 = 200;

/// First half of the key of the advisory locks under which a customer's wishes are counted.
const COUNT_LOCKS: i32 = 11;

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its id.
    pub id: WishId,
    /// Whose it is.
    pub customer: Customer,
    /// A type of events: `catalog.restocked`.
    pub topic: String,
    /// Which of them, as it was written; all where there is none.
    pub condition: Option<String>,
    /// When it was made, in microseconds.
    pub created_at: Timestamp,
}

/// What making a wish came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wished {
    /// It is there now.
    Added,
    /// One of this id was there, which says the same: this one.
    Same(Wish),
    /// One of this id was there, which says something else.
    Other,
    /// There are as many as there may be.
    Full,
    /// Its customer was erased: nothing is kept.
    Erased,
}

/// A row of `wishes`.
struct WishRow {
    id: Uuid,
    customer: String,
    topic: String,
    condition: Option<String>,
    created_at: jiff_sqlx::Timestamp,
}

impl TryFrom<WishRow> for Wish {
    type Error = StorageError;

    fn try_from(row: WishRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: WishId(row.id),
            customer: read("customer", &row.customer)?,
            topic: row.topic,
            condition: row.condition,
            created_at: row.created_at.to_jiff(),
        })
    }
}

impl Storage {
    /// Makes a wish, once for each id, and files it under `keys`. A customer has at most [`MOST`].
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn add_wish(&self, wish: &Wish, keys: &[i64]) -> Result<Wished, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            if is_erased(&mut transaction, wish.customer).await? {
                return Ok(Wished::Erased);
            }
            lock(&mut transaction, wish.customer).await?;
            if let Some(present) = own::wish(&mut *transaction, &[wish.customer], wish.id).await? {
                let same = present.topic == wish.topic && present.condition == wish.condition;
                return Ok(if same {
                    Wished::Same(present)
                } else {
                    Wished::Other
                });
            }
            if count(&mut transaction, wish.customer).await? >= MOST {
                return Ok(Wished::Full);
            }
            insert(&mut transaction, wish, keys).await?;
            transaction.commit().await?;
            Ok(Wished::Added)
        };
        self.within(Box::pin(work)).await
    }
}

async fn lock(connection: &mut PgConnection, customer: Customer) -> Result<(), StorageError> {
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock($1, hashtext($2)) AS "locked: ()""#,
        COUNT_LOCKS,
        customer.to_string(),
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

async fn count(connection: &mut PgConnection, customer: Customer) -> Result<i64, StorageError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM wishes WHERE customer = $1"#,
        customer.to_string(),
    )
    .fetch_one(connection)
    .await?)
}

async fn insert(connection: &mut PgConnection, wish: &Wish, keys: &[i64]) -> Result<(), StorageError> {
    sqlx::query!(
        r#"INSERT INTO wishes (id, customer, topic, condition, created_at) VALUES ($1, $2, $3, $4, $5)"#,
        wish.id.0,
        wish.customer.to_string(),
        wish.topic,
        wish.condition.as_deref(),
        time(wish.created_at) as _,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"INSERT INTO wish_keys (key, wish) SELECT DISTINCT key, $2::uuid FROM unnest($1::bigint[]) AS key"#,
        keys,
        wish.id.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}
