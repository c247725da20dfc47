//! Pushes that are about to be sent, read together: one round trip for many.

use domain::Customer;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use jiff_sqlx::ToSqlx;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Channel, Installation, InstallationRow, Told};
use crate::deliveries::by_day;
use crate::values::day;
use crate::{DeliveryState, Storage, StorageError};

/// Which push is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// When its event happened: its UTC day is the partition.
    pub event_at: Timestamp,
    /// Its row of the ledger.
    pub delivery: Uuid,
    /// Whom it concerns; none where it is for anyone.
    pub customer: Option<Customer>,
}

/// How such a push stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// In the ledger.
    pub state: DeliveryState,
    /// When the device was last told of the same order, on the last two days.
    pub told_at: Option<Timestamp>,
    /// The device, where it is still there.
    pub device: Option<Told>,
}

/// A row of the ledger with the device that it is for.
struct DueRow {
    /// Which of those that were asked for, from 1 on.
    place: i64,
    state: String,
    told_at: Option<jiff_sqlx::Timestamp>,
    concerned: Option<bool>,
    id: Option<Uuid>,
    app: Option<String>,
    customer: Option<String>,
    platform: Option<String>,
    environment: Option<String>,
    channel: Option<Json<Channel>>,
    locale: Option<String>,
    tags: Option<Vec<String>>,
    expires_at: Option<jiff_sqlx::Timestamp>,
    updated_at: Option<jiff_sqlx::Timestamp>,
}

impl DueRow {
    /// The device's columns; none where there is no active one.
    fn device(self) -> Result<Option<Told>, StorageError> {
        let row = || {
            Some(InstallationRow {
                id: self.id?,
                app: self.app?,
                customer: self.customer?,
                platform: self.platform?,
                environment: self.environment?,
                channel: self.channel?,
                locale: self.locale?,
                tags: self.tags?,
                expires_at: self.expires_at,
                updated_at: self.updated_at?,
            })
        };
        let concerned = self.concerned == Some(true);
        let told = |row: InstallationRow| {
            Ok(Told {
                installation: Installation::try_from(row)?,
                concerned,
            })
        };
        row().map(told).transpose()
    }
}

impl Storage {
    /// How these pushes stand, each in its place; `None` where the ledger has no row.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn due_deliveries(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
    ) -> Result<Vec<Option<Due>>, StorageError> {
        let mut due: Vec<Option<Due>> = vec![None; wanted.len()];
        for (event_day, places) in by_day(wanted, |wanted| wanted.event_at) {
            for row in self.due_of_day(event_day, wanted, &places, now).await? {
                let place = usize::try_from(row.place - 1).ok();
                let Some(place) = place.and_then(|place| places.get(place)).copied() else {
                    continue;
                };
                due[place] = Some(Due {
                    state: DeliveryState::read(&row.state)?,
                    told_at: row.told_at.map(jiff_sqlx::Timestamp::to_jiff),
                    device: row.device()?,
                });
            }
        }
        Ok(due)
    }

    async fn due_of_day(
        &self,
        event_day: Date,
        wanted: &[Wanted],
        places: &[usize],
        now: Timestamp,
    ) -> Result<Vec<DueRow>, StorageError> {
        let ids: Vec<Uuid> = places.iter().map(|place| wanted[*place].delivery).collect();
        let customers: Vec<Option<String>> = places
            .iter()
            .map(|place| wanted[*place].customer.as_ref().map(Customer::to_string))
            .collect();
        let yesterday = day(now).saturating_sub(1.day());
        self.within(async {
            Ok(sqlx::query_as!(
                DueRow,
                r#"SELECT place AS "place!", state AS "state!", told_at AS "told_at: jiff_sqlx::Timestamp", concerned,
                          id, app, customer, platform, environment, channel AS "channel: Json<Channel>", locale, tags,
                          expires_at AS "expires_at: jiff_sqlx::Timestamp", updated_at AS "updated_at: jiff_sqlx::Timestamp"
                   FROM due_deliveries($1, $2, $3, $4)"#,
                event_day.to_sqlx() as _,
                yesterday.to_sqlx() as _,
                &ids,
                &customers as _,
            )
            .fetch_all(&self.pool)
            .await?)
        })
        .await
    }
}
