//! One page of a campaign's devices.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chassis::clock;
use domain::tags::TagExpression;
use futures_util::future::try_join_all;
use messaging::{Envelope, HandlerError, topology};
use storage::campaigns::Page;
use storage::{Campaign, Installation};

use super::text::news;
use super::{Campaigns, Next};
use crate::notification::What;
use crate::planned::{Planned, Wanted};
use crate::unavailable;

/// The most devices of a page.
const MOST: u32 = 1_000;
/// While more messages to many wait than this, no more are queued: the rest of the stream is for what customers wait for.
const MOST_QUEUED: u64 = 10_000;
const QUEUED_PAUSE: Duration = Duration::from_millis(250);

impl Campaigns {
    /// Queues the pushes of the next page, and moves the cursor behind it.
    pub(super) async fn page(&self, campaign: &Campaign, cause: &Envelope) -> Result<Next, HandlerError> {
        if self.queued().await? >= MOST_QUEUED {
            return Ok(Next::Page(QUEUED_PAUSE));
        }
        let (began, size) = (Instant::now(), size(campaign.what.rate));
        let devices = match self.devices(campaign, size).await? {
            Ok(devices) => devices,
            Err(why) => return self.fail(campaign.what.id, &why, clock::now()).await,
        };
        let found = devices.len();
        let last = devices.last().map(|device| device.id);
        let wanted = self.wanted(campaign, devices, cause).await?;
        let mut queued = BTreeMap::new();
        for planned in wanted.planned() {
            *queued.entry(planned.platform.as_str().to_owned()).or_default() += 1;
        }
        let page = Page {
            to: last,
            left_out: (found - wanted.planned().len()) as u64,
            queued,
            last: campaign.what.devices.is_some() || found < size as usize,
        };
        self.queue.queue_wanted(wanted, clock::now()).await?;
        let moved = self
            .storage
            .advance_campaign(campaign, &page, clock::now())
            .await
            .map_err(unavailable)?;
        if moved && page.last {
            tracing::info!(campaign.id = %campaign.what.id, "campaign queued");
            return Ok(Next::End);
        }
        Ok(Next::Page(pause(campaign.what.rate, size, began.elapsed())))
    }

    /// The pushes to those of `devices` that are told: their platform has credentials, and their owner wants it. Each in the language that he has chosen,
    /// where he has.
    async fn wanted(
        &self,
        campaign: &Campaign,
        mut devices: Vec<Installation>,
        cause: &Envelope,
    ) -> Result<Wanted, HandlerError> {
        devices.retain(|device| self.platforms.contains(&device.platform));
        let chosen = self
            .queue
            .chosen(devices.iter().map(|device| device.customer))
            .await?;
        let planned = devices.iter_mut().map(|device| {
            if let Some(locale) = &chosen.of(device.customer).locale {
                device.locale.clone_from(locale);
            }
            Planned::new(What::News(news(&campaign.what, device)), device, cause)
        });
        let planned = planned.collect();
        Ok(chosen.wanted(planned))
    }

    /// The devices after the cursor, or why there can be none.
    async fn devices(
        &self,
        campaign: &Campaign,
        size: u32,
    ) -> Result<Result<Vec<Installation>, String>, HandlerError> {
        if let Some(chosen) = &campaign.what.devices {
            let mut devices = Vec::with_capacity(chosen.len());
            for id in chosen {
                devices.extend(self.storage.installation(*id).await.map_err(unavailable)?);
            }
            return Ok(Ok(devices));
        }
        let clauses = TagExpression::parse(&campaign.what.expression)
            .map_err(|error| error.to_string())
            .and_then(|expression| expression.clauses().map_err(|error| error.to_string()));
        let clauses = match clauses {
            Ok(clauses) => clauses,
            Err(why) => return Ok(Err(format!("its expression can't be read: {why}"))),
        };
        let found = self
            .storage
            .installations_matching(&clauses, campaign.cursor, size)
            .await
            .map_err(unavailable)?;
        Ok(Ok(found))
    }

    /// How many messages to many are not settled.
    async fn queued(&self) -> Result<u64, HandlerError> {
        let asked = self.platforms.iter().map(async |platform| {
            let consumer = topology::bulk_consumer(platform.as_str());
            self.messaging.unsettled(topology::NOTIFICATIONS, &consumer).await
        });
        let counts = try_join_all(asked).await;
        let counts = counts.map_err(|error| HandlerError::Unavailable(error.to_string()))?;
        Ok(counts.into_iter().sum())
    }
}

/// No more than a second's worth at once.
fn size(rate: Option<u32>) -> u32 {
    rate.unwrap_or(MOST).clamp(1, MOST)
}

/// What is left of the time that `size` devices take at `rate`.
fn pause(rate: Option<u32>, size: u32, took: Duration) -> Duration {
    rate.map_or(Duration::ZERO, |rate| {
        (Duration::from_secs(1) * size / rate.max(1)).saturating_sub(took)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_second_or_a_thousand() {
        for (rate, devices, seconds) in [
            (Some(1), 1, 1.0),
            (Some(50), 50, 1.0),
            (Some(4_000), 1_000, 0.25),
            (None, 1_000, 0.0),
        ] {
            assert_eq!(size(rate), devices);
            assert_eq!(
                pause(rate, size(rate), Duration::ZERO),
                Duration::from_secs_f64(seconds)
            );
        }
        assert_eq!(
            pause(Some(10), 10, Duration::from_millis(300)),
            Duration::from_millis(700)
        );
        assert_eq!(pause(Some(10), 10, Duration::from_secs(3)), Duration::ZERO);
    }
}
