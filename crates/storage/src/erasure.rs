//! Customers who were erased: their marks, and what of their orders is still to be done.

use std::collections::{BTreeSet, HashSet};

use domain::{AccountId, Customer, Fingerprint, OrderId, OrderState, Partition};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::values::{read, time};
use crate::{Storage, StorageError, Transaction};

/// How far an erasure is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// The account and the guests' scopes that belonged to it.
    pub customers: Vec<Customer>,
    /// Whether every order at its end has lost its personal data.
    pub done: bool,
    /// How many orders have personal data still: when it is done, those under way.
    pub left: i64,
}

impl Storage {
    /// Erases an account whose password has still the hash `proof` (any, where none is given) with its sessions, addresses, identities, scopes
    /// and devices, and marks it and its guests' scopes as erased. `request` tells a retry. Gives the sessions that ended; none where there is
    /// no such account.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn erase_account(
        &self,
        account: AccountId,
        proof: Option<&str>,
        request: Option<&Fingerprint>,
        now: Timestamp,
    ) -> Result<Option<Vec<Uuid>>, StorageError> {
        let ended = self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT erase_account($1, $2, $3, $4)"#,
                account.0,
                proof,
                request.map(Fingerprint::as_str),
                time(now) as _,
            )
            .fetch_one(&self.pool)
            .await?)
        });
        ended.await
    }

    /// Whether the account was erased by this very request.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn was_erased_by(
        &self,
        account: AccountId,
        request: &Fingerprint,
    ) -> Result<bool, StorageError> {
        let found = self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT EXISTS (SELECT FROM erased_customers WHERE customer = $1 AND request = $2) AS "found!""#,
                Customer::Account(account).to_string(),
                request.as_str(),
            )
            .fetch_one(&self.pool)
            .await?)
        });
        found.await
    }

    /// How far the erasure of an account is; none where it was not erased.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn erasure(&self, account: AccountId) -> Result<Option<Erasure>, StorageError> {
        let found = self.within(async {
            Ok(sqlx::query!(
                r#"SELECT array_agg(customer ORDER BY customer) AS customers, bool_and(done_at IS NOT NULL) AS done,
                          (SELECT count(*) FROM orders
                           WHERE customer IN (SELECT customer FROM erased_customers WHERE account = $1)
                             AND NOT document ? 'erased_at') AS "left!"
                   FROM erased_customers WHERE account = $1"#,
                account.0,
            )
            .fetch_one(&self.pool)
            .await?)
        });
        let found = found.await?;
        let erasure = found.customers.map(|customers| {
            let customers = customers.iter().map(|customer| read("customer", customer));
            Ok(Erasure {
                customers: customers.collect::<Result<_, StorageError>>()?,
                done: found.done.unwrap_or_default(),
                left: found.left,
            })
        });
        erasure.transpose()
    }

    /// At most `limit` erased customers whose orders are not all looked through, the one that waits for longest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn erasures_to_do(&self, limit: u32) -> Result<Vec<Customer>, StorageError> {
        let customers = self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT customer FROM erased_customers WHERE done_at IS NULL ORDER BY erased_at, customer LIMIT $1"#,
                i64::from(limit),
            )
            .fetch_all(&self.pool)
            .await?)
        });
        let customers = customers.await?;
        customers
            .iter()
            .map(|customer| read("customer", customer))
            .collect()
    }

    /// At most `limit` of the customer's orders, above `after` by their ids, that are at their end and have personal data still.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn orders_to_erase(
        &self,
        customer: Customer,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderId>, StorageError> {
        let ids = self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT id FROM orders
                   WHERE customer = $1 AND state = ANY ($2) AND NOT document ? 'erased_at' AND id > $3
                   ORDER BY id LIMIT $4"#,
                customer.to_string(),
                &settled(),
                after.map_or(Uuid::nil(), |after| after.0),
                i64::from(limit),
            )
            .fetch_all(&self.pool)
            .await?)
        });
        Ok(ids.await?.into_iter().map(OrderId).collect())
    }

    /// Notes that the customer's orders are all looked through, if no order at its end has personal data still. Gives whether it is so. No
    /// batch is under way meanwhile: one that began before the customer was marked could store another order after the look.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn finish_erasure(&self, customer: Customer, now: Timestamp) -> Result<bool, StorageError> {
        let everything: BTreeSet<Partition> = Partition::all().collect();
        let mut transaction = self.begin(&everything).await?;
        let connection = &mut *transaction.inner;
        let noted = self.within(async {
            Ok(sqlx::query!(
                r#"UPDATE erased_customers SET done_at = $3 WHERE customer = $1 AND NOT EXISTS (
                       SELECT FROM orders WHERE customer = $1 AND state = ANY ($2) AND NOT document ? 'erased_at')"#,
                customer.to_string(),
                &settled(),
                time(now) as _,
            )
            .execute(connection)
            .await?)
        });
        let noted = noted.await?.rows_affected() == 1;
        transaction.commit().await?;
        Ok(noted)
    }
}

impl Transaction<'_> {
    /// Those among `customers` who were erased.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn erased(&mut self, customers: &[Customer]) -> Result<HashSet<Customer>, StorageError> {
        let names: Vec<String> = customers.iter().map(Customer::to_string).collect();
        let found = self.storage.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT customer FROM erased_customers WHERE customer = ANY ($1)"#,
                &names,
            )
            .fetch_all(&mut *self.inner)
            .await?)
        });
        let found = found.await?;
        found.iter().map(|customer| read("customer", customer)).collect()
    }
}

/// The states in which an order loses its personal data.
fn settled() -> Vec<String> {
    OrderState::TERMINAL.map(|state| state.to_string()).to_vec()
}
