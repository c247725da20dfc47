//! The hub's ledger: one row per notification and installation, partitioned by the day of its event.

mod about;
mod queue;
mod settle;

use domain::InstallationId;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::about::About;
pub use self::settle::Settled;
pub(crate) use self::settle::by_day;
use crate::values::{day, unreadable};
use crate::{Platform, Storage, StorageError};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its sender.
    Queued,
    /// The provider took it.
    Sent,
    /// A later version of the same order is queued for the same device.
    Superseded,
    /// The request was written and no answer came.
    Unknown,
    /// Refused for good.
    Failed,
    /// Not sent before its deadline.
    Expired,
    /// The device is gone.
    Gone,
    /// Its campaign was called off.
    Cancelled,
}

impl DeliveryState {
    /// As stored: `queued`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Superseded => "superseded",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Gone => "gone",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn read(stored: &str) -> Result<Self, StorageError> {
        let all = [
            Self::Queued,
            Self::Sent,
            Self::Superseded,
            Self::Unknown,
            Self::Failed,
            Self::Expired,
            Self::Gone,
            Self::Cancelled,
        ];
        all.into_iter()
            .find(|state| state.as_str() == stored)
            .ok_or_else(|| unreadable("state of a delivery", stored))
    }
}

/// One push to one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// UUIDv5 (event, installation).
    pub id: Uuid,
    /// When its event happened: its UTC day is the partition.
    pub event_at: Timestamp,
    /// Which installation.
    pub installation: InstallationId,
    /// Through which provider.
    pub platform: Platform,
    /// What it is about.
    pub about: About,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was handed to the provider.
    pub attempts: u32,
    /// The provider's id for it, or its refusal.
    pub provider: Option<String>,
}

/// How many days of deliveries are kept.
const KEPT_DAYS: i64 = 30;

/// A row of `deliveries`.
struct DeliveryRow {
    id: Uuid,
    event_at: jiff_sqlx::Timestamp,
    installation: Uuid,
    platform: String,
    order_id: Option<Uuid>,
    version: Option<i64>,
    wish: Option<Uuid>,
    campaign: Option<Uuid>,
    state: String,
    attempts: i32,
    provider: Option<String>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StorageError;

    fn try_from(row: DeliveryRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            event_at: row.event_at.to_jiff(),
            installation: InstallationId(row.installation),
            platform: Platform::read(&row.platform)?,
            about: About::read(row.order_id.zip(row.version), row.wish, row.campaign)?,
            state: DeliveryState::read(&row.state)?,
            attempts: row.attempts.unsigned_abs(),
            provider: row.provider,
        })
    }
}

impl Storage {
    /// One delivery.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn delivery(&self, event_at: Timestamp, id: Uuid) -> Result<Option<Delivery>, StorageError> {
        let row = self.within(async {
            Ok(sqlx::query_as!(
                DeliveryRow,
                r#"SELECT id, event_at AS "event_at: _", installation, platform, order_id, version, wish, campaign,
                          state, attempts, provider
                   FROM deliveries WHERE event_day = $1 AND id = $2"#,
                day(event_at).to_sqlx() as _,
                id,
            )
            .fetch_optional(&self.pool)
            .await?)
        });
        row.await?.map(Delivery::try_from).transpose()
    }

    /// Makes the partitions for the days around `today` and drops those older than 30 days.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn rotate_deliveries(&self, today: jiff::civil::Date) -> Result<(), StorageError> {
        let oldest = today.saturating_sub(KEPT_DAYS.days());
        self.within(async {
            sqlx::query!(
                r#"SELECT rotate_deliveries($1, $2) AS "dropped!""#,
                today.to_sqlx() as _,
                oldest.to_sqlx() as _,
            )
            .fetch_one(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }
}
