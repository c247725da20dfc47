//! Customers who were erased: nothing of theirs is taken any more.

use domain::Customer;
use sqlx::PgConnection;

use crate::StorageError;

/// First half of the key of the advisory locks of customers: who erases one holds them alone.
pub(super) const CUSTOMER_LOCKS: i32 = 9;

/// Whether the customer was erased; he is not, as long as the transaction goes on.
pub(crate) async fn is_erased(
    connection: &mut PgConnection,
    customer: Customer,
) -> Result<bool, StorageError> {
    let customer = customer.to_string();
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock_shared($1, hashtext($2)) AS "locked: ()""#,
        CUSTOMER_LOCKS,
        customer
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM erased_customers WHERE customer = $1) AS "found!""#,
        customer
    )
    .fetch_one(connection)
    .await?)
}
