//! Orders as readers see them. The owner check is part of every query.

use domain::{Access, Customer, Fingerprint, Money, Order, OrderId, OrderState, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::values::{read, time, version};
use crate::{Storage, StorageError};

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Its version.
    pub version: Version,
    /// Where it stands.
    pub state: OrderState,
    /// Its total, once decided.
    pub total: Option<Money>,
    /// How many units it has in all.
    pub units: i64,
    /// When it was accepted.
    pub submitted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is looked for among orders; all of it has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OrderFilter {
    /// Where it stands.
    pub state: Option<OrderState>,
    /// It changed then or later.
    pub updated_since: Option<Timestamp>,
}

impl OrderFilter {
    /// Whether this is one of those that are looked for.
    pub fn fits(&self, order: &OrderSummary) -> bool {
        self.state.is_none_or(|state| state == order.state)
            && self.updated_since.is_none_or(|since| since <= order.updated_at)
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// Newest first.
    pub orders: Vec<OrderSummary>,
    /// Where the next page begins: the (submitted_at, id) of the last one here; none at the end.
    pub next: Option<(Timestamp, OrderId)>,
}

/// A row of `order_summaries`.
struct SummaryRow {
    id: Uuid,
    version: i64,
    state: String,
    total: Option<Json<Money>>,
    units: i64,
    submitted_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
}

impl TryFrom<SummaryRow> for OrderSummary {
    type Error = StorageError;

    fn try_from(row: SummaryRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: OrderId(row.id),
            version: version(row.version)?,
            state: read("state", &row.state)?,
            total: row.total.map(|total| total.0),
            units: row.units,
            submitted_at: row.submitted_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        })
    }
}

/// What a page may hold, where it begins, and how long it may be.
struct Wanted {
    state: Option<&'static str>,
    updated_since: jiff_sqlx::Timestamp,
    submitted_at: jiff_sqlx::Timestamp,
    id: Uuid,
    rows: i64,
}

impl Storage {
    /// The order, where it exists and `access` covers it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn order(&self, access: Access, id: OrderId) -> Result<Option<Order>, StorageError> {
        let (customers, link) = match &access {
            Access::Customer(_) | Access::Customers(_) => (Some(names(access.customers())), None),
            Access::Link(order) => (None, Some(order.0)),
            Access::Staff => (None, None),
        };
        let document = self.within(async {
            Ok(sqlx::query_scalar!(
                r#"SELECT document AS "document: Json<Order>" FROM orders
                   WHERE id = $1 AND ($2::text[] IS NULL OR customer = ANY ($2)) AND ($3::uuid IS NULL OR id = $3)"#,
                id.0,
                customers as _,
                link,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        Ok(document.await?.map(|document| document.0))
    }

    /// At most `limit` orders that `access` covers and that fit, newest first, after the position `after`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn orders(
        &self,
        access: Access,
        filter: &OrderFilter,
        after: Option<(Timestamp, OrderId)>,
        limit: u32,
    ) -> Result<OrderPage, StorageError> {
        let (submitted_at, id) = after.map_or((Timestamp::MAX, Uuid::max()), |(at, id)| (at, id.0));
        // No order is older, and Postgres refuses times of antiquity. Never NULL, so that the index can pass over the rest.
        let since = filter.updated_since.unwrap_or(Timestamp::UNIX_EPOCH);
        let wanted = Wanted {
            state: filter.state.map(OrderState::as_str),
            updated_since: time(since.max(Timestamp::UNIX_EPOCH)),
            submitted_at: time(submitted_at),
            id,
            // One more than asked for tells whether there is a next page.
            rows: i64::from(limit) + 1,
        };
        let rows = match access {
            Access::Customer(customer) => self.within(self.orders_of(customer, wanted)).await?,
            Access::Link(order) => self.within(self.all_orders(Some(order), wanted)).await?,
            Access::Staff => self.within(self.all_orders(None, wanted)).await?,
            Access::Customers(customers) => self.within(self.orders_of_all(&customers, wanted)).await?,
        };
        page(rows, limit)
    }

    async fn orders_of(&self, customer: Customer, wanted: Wanted) -> Result<Vec<SummaryRow>, StorageError> {
        Ok(sqlx::query_as!(
            SummaryRow,
            r#"SELECT id AS "id!", version AS "version!", state AS "state!", total AS "total: Json<Money>",
                      units AS "units!", submitted_at AS "submitted_at!: _", updated_at AS "updated_at!: _"
               FROM order_summaries
               WHERE customer = $1 AND ($2::text IS NULL OR state = $2) AND (submitted_at, id) < ($3, $4) AND updated_at >= $6
               ORDER BY submitted_at DESC, id DESC LIMIT $5"#,
            customer.to_string(),
            wanted.state,
            wanted.submitted_at as _,
            wanted.id,
            wanted.rows,
            wanted.updated_since as _,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// As [`Self::orders_of`] for several customers: the newest of each are found by the index, and the newest of these are given.
    async fn orders_of_all(
        &self,
        customers: &[Customer],
        wanted: Wanted,
    ) -> Result<Vec<SummaryRow>, StorageError> {
        Ok(sqlx::query_as!(
            SummaryRow,
            r#"SELECT own.id AS "id!", own.version AS "version!", own.state AS "state!", own.total AS "total: Json<Money>",
                      own.units AS "units!", own.submitted_at AS "submitted_at!: _", own.updated_at AS "updated_at!: _"
               FROM unnest($1::text[]) AS whose CROSS JOIN LATERAL (
                   SELECT id, version, state, total, units, submitted_at, updated_at FROM order_summaries
                   WHERE customer = whose AND ($2::text IS NULL OR state = $2) AND (submitted_at, id) < ($3, $4) AND updated_at >= $6
                   ORDER BY submitted_at DESC, id DESC LIMIT $5
               ) AS own
               ORDER BY own.submitted_at DESC, own.id DESC LIMIT $5"#,
            &names(customers),
            wanted.state,
            wanted.submitted_at as _,
            wanted.id,
            wanted.rows,
            wanted.updated_since as _,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    async fn all_orders(
        &self,
        only: Option<OrderId>,
        wanted: Wanted,
    ) -> Result<Vec<SummaryRow>, StorageError> {
        Ok(sqlx::query_as!(
            SummaryRow,
            r#"SELECT id AS "id!", version AS "version!", state AS "state!", total AS "total: Json<Money>",
                      units AS "units!", submitted_at AS "submitted_at!: _", updated_at AS "updated_at!: _"
               FROM order_summaries
               WHERE ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR state = $2) AND (submitted_at, id) < ($3, $4) AND updated_at >= $6
               ORDER BY submitted_at DESC, id DESC LIMIT $5"#,
            only.map(|order| order.0),
            wanted.state,
            wanted.submitted_at as _,
            wanted.id,
            wanted.rows,
            wanted.updated_since as _,
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// The fingerprint of the submission that made the order, where it exists.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn fingerprint(&self, id: OrderId) -> Result<Option<Fingerprint>, StorageError> {
        let stored = self.within(async {
            Ok(
                sqlx::query_scalar!(r#"SELECT fingerprint FROM orders WHERE id = $1"#, id.0)
                    .fetch_optional(&self.pool)
                    .await?,
            )
        });
        Ok(stored.await?.map(Fingerprint::from))
    }
}

/// The customers as they stand in the table.
fn names(customers: &[Customer]) -> Vec<String> {
    customers.iter().map(Customer::to_string).collect()
}

fn page(mut rows: Vec<SummaryRow>, limit: u32) -> Result<OrderPage, StorageError> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let orders = rows
        .into_iter()
        .map(OrderSummary::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    let next = orders
        .last()
        .filter(|_| more)
        .map(|last| (last.submitted_at, last.id));
    Ok(OrderPage { orders, next })
}
