//! New deliveries, and the older ones that they supersede.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Delivery;
use crate::values::{day, time};
use crate::{Storage, StorageError};

/// First half of the key of the advisory locks of orders, held while their deliveries are queued.
const ORDER_LOCKS: i32 = 4;

/// How many days before an event an older version's delivery may still be queued; what waits longer is expired anyway.
const QUEUED_DAYS: i64 = 2;

impl Storage {
    /// Adds those deliveries that are not there yet, and marks queued deliveries of an older version of the same order
    /// to the same installation `superseded`. Gives the ids that are (still) `queued`, to be handed to senders.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn queue_deliveries(&self, deliveries: &[Delivery]) -> Result<Vec<Uuid>, StorageError> {
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let work = async {
            // Before the transaction: a new partition's lock on the parent must not wait for the rows.
            make_days(&mut *self.pool.acquire().await?, deliveries).await?;
            let mut transaction = self.pool.begin().await?;
            lock_orders(&mut transaction, deliveries).await?;
            insert(&mut transaction, deliveries).await?;
            supersede(&mut transaction, deliveries).await?;
            let queued = queued(&mut transaction, deliveries).await?;
            transaction.commit().await?;
            Ok(queued)
        };
        self.within(Box::pin(work)).await
    }
}

/// An event may come days late: its day's partition is made where it is missing.
async fn make_days(connection: &mut PgConnection, deliveries: &[Delivery]) -> Result<(), StorageError> {
    let days = days(deliveries);
    sqlx::query!(
        r#"SELECT make_deliveries_day(day) AS "made: ()" FROM (SELECT DISTINCT unnest($1::date[]) AS day) AS days"#,
        days as _,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// Two batches about one order must see each other's rows to supersede the older ones. Ascending, so that they don't wait for each other.
async fn lock_orders(connection: &mut PgConnection, deliveries: &[Delivery]) -> Result<(), StorageError> {
    let key = |order: Uuid| {
        let bytes = order.as_bytes();
        i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    };
    let keys: BTreeSet<i32> = orders(deliveries).into_iter().flatten().map(key).collect();
    let keys: Vec<i32> = keys.into_iter().collect();
    sqlx::query!(
        r#"SELECT pg_advisory_xact_lock($1, k) AS "locked: ()" FROM unnest($2::integer[]) AS k"#,
        ORDER_LOCKS,
        &keys,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

async fn insert(connection: &mut PgConnection, deliveries: &[Delivery]) -> Result<(), StorageError> {
    let times: Vec<jiff_sqlx::Timestamp> = deliveries
        .iter()
        .map(|delivery| time(delivery.event_at))
        .collect();
    let installations: Vec<Uuid> = deliveries
        .iter()
        .map(|delivery| delivery.installation.0)
        .collect();
    let platforms: Vec<String> = deliveries
        .iter()
        .map(|delivery| delivery.platform.as_str().to_owned())
        .collect();
    let versions: Vec<Option<i64>> = deliveries
        .iter()
        .map(|delivery| Some(delivery.about.order()?.1.0.into()))
        .collect();
    let wishes: Vec<Option<Uuid>> = deliveries.iter().map(|delivery| delivery.about.wish()).collect();
    let campaigns: Vec<Option<Uuid>> = deliveries
        .iter()
        .map(|delivery| delivery.about.campaign())
        .collect();
    let states: Vec<String> = deliveries
        .iter()
        .map(|delivery| delivery.state.as_str().to_owned())
        .collect();
    sqlx::query!(
        r#"INSERT INTO deliveries (event_day, id, event_at, installation, platform, state, order_id, version, wish, campaign)
           SELECT * FROM unnest($1::date[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[],
                                $7::uuid[], $8::bigint[], $9::uuid[], $10::uuid[])
           ON CONFLICT DO NOTHING"#,
        days(deliveries) as _,
        &ids(deliveries),
        times as _,
        &installations,
        &platforms,
        &states,
        &orders(deliveries) as _,
        &versions as _,
        &wishes as _,
        &campaigns as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Also marks a delivery that comes after its successor did.
async fn supersede(connection: &mut PgConnection, deliveries: &[Delivery]) -> Result<(), StorageError> {
    let orders: Vec<Uuid> = orders(deliveries).into_iter().flatten().collect();
    if orders.is_empty() {
        return Ok(());
    }
    let first = deliveries
        .iter()
        .map(|delivery| day(delivery.event_at))
        .min()
        .unwrap_or_default();
    sqlx::query!(
        r#"SELECT supersede_deliveries($1, $2) AS "superseded: ()""#,
        &orders,
        first.saturating_sub(QUEUED_DAYS.days()).to_sqlx() as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

async fn queued(connection: &mut PgConnection, deliveries: &[Delivery]) -> Result<Vec<Uuid>, StorageError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT d.id FROM unnest($1::date[], $2::uuid[]) AS u (event_day, id)
           CROSS JOIN LATERAL (SELECT id, state FROM deliveries WHERE event_day = u.event_day AND id = u.id OFFSET 0) AS d
           WHERE d.state = 'queued'"#,
        days(deliveries) as _,
        &ids(deliveries),
    )
    .fetch_all(connection)
    .await?)
}

fn orders(deliveries: &[Delivery]) -> Vec<Option<Uuid>> {
    deliveries
        .iter()
        .map(|delivery| Some(delivery.about.order()?.0.0))
        .collect()
}

fn ids(deliveries: &[Delivery]) -> Vec<Uuid> {
    deliveries.iter().map(|delivery| delivery.id).collect()
}

fn days(deliveries: &[Delivery]) -> Vec<jiff_sqlx::Date> {
    deliveries
        .iter()
        .map(|delivery| day(delivery.event_at).to_sqlx())
        .collect()
}
