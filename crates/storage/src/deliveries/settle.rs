//! Outcomes of attempts, many in one statement.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use super::DeliveryState;
use crate::values::{day, time};
use crate::{Storage, StorageError};

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// When the push's event happened: its UTC day is the partition.
    pub event_at: Timestamp,
    /// Its row of the ledger.
    pub delivery: Uuid,
    /// Where it stands now.
    pub state: DeliveryState,
    /// The provider's id for it, or its refusal.
    pub provider: Option<String>,
    /// When that was.
    pub at: Timestamp,
}

impl DeliveryState {
    /// Whether it comes from the provider; the others are decided without asking it.
    pub(super) fn is_an_answer(self) -> bool {
        matches!(self, Self::Sent | Self::Unknown | Self::Failed | Self::Gone)
    }
}

impl Storage {
    /// Notes outcomes of attempts. A state that is final (`sent`, `superseded`, `failed`, `expired`, `gone`) stays.
    /// What a push service took is noted at the device too, if the last one there is an hour old.
    ///
    /// # Errors
    /// [`StorageError`]; then none or some are noted, and all may be noted again.
    pub async fn settle_deliveries(&self, settled: &[Settled]) -> Result<(), StorageError> {
        for (event_day, places) in by_day(settled, |settled| settled.event_at) {
            let of_day: Vec<&Settled> = places.into_iter().map(|place| &settled[place]).collect();
            self.settle_of_day(event_day, &of_day).await?;
        }
        Ok(())
    }

    async fn settle_of_day(&self, event_day: Date, settled: &[&Settled]) -> Result<(), StorageError> {
        let ids: Vec<Uuid> = settled.iter().map(|settled| settled.delivery).collect();
        let states: Vec<String> = settled
            .iter()
            .map(|settled| settled.state.as_str().to_owned())
            .collect();
        let providers: Vec<Option<String>> = settled
            .iter()
            // Postgres has no text with a zero in it.
            .map(|settled| settled.provider.as_ref().map(|text| text.replace('\0', "")))
            .collect();
        let times: Vec<jiff_sqlx::Timestamp> = settled.iter().map(|settled| time(settled.at)).collect();
        let answers: Vec<i32> = settled
            .iter()
            .map(|settled| i32::from(settled.state.is_an_answer()))
            .collect();
        self.within(async {
            sqlx::query!(
                r#"SELECT settle_deliveries($1, $2, $3, $4, $5, $6) AS "settled: ()""#,
                event_day.to_sqlx() as _,
                &ids,
                &states,
                &providers as _,
                &times as _,
                &answers,
            )
            .fetch_one(&self.pool)
            .await?;
            Ok(())
        })
        .await
    }
}

/// The places of `all` by the UTC day of their events.
pub(crate) fn by_day<T>(all: &[T], event_at: impl Fn(&T) -> Timestamp) -> BTreeMap<Date, Vec<usize>> {
    let mut days: BTreeMap<Date, Vec<usize>> = BTreeMap::new();
    for (place, one) in all.iter().enumerate() {
        days.entry(day(event_at(one))).or_default().push(place);
    }
    days
}
