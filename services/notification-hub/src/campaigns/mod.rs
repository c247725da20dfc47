//! Campaigns: from one message to one push per device that an expression fits.
//!
//! A message of `notifications.campaigns.<id>` is in hand for as long as its campaign is being queued, a few pages at a time. Each page of devices is written to
//! the ledger, published, and only then is the campaign's cursor moved, if it is where it was read: whoever dies or is overtaken on the way leaves a page that is
//! done again, and whose pushes meet their own rows.

mod page;
mod text;

use std::time::{Duration, Instant};

use chassis::clock;
use jiff::{SignedDuration, Timestamp};
use messaging::{Delivery, Handler, HandlerError, Messaging, Outcome};
use storage::{Campaign, CampaignState, Platform, Storage};
use uuid::Uuid;

use crate::queue::Queue;
use crate::unavailable;

/// How long a campaign is in hand at a time, a page at least: a replica that stops gives it back soon, and what it came to ends an attempt. However often
/// hubs die on the way, it is given up only where none of them came so far.
const SLICE: Duration = Duration::from_millis(500);
/// The operator publishes before he stores: for so long a campaign that is not there may still come.
const NOT_YET: SignedDuration = SignedDuration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(300);

/// Queues the pushes of campaigns.
#[derive(Debug)]
pub struct Campaigns {
    /// The campaigns and the devices.
    pub storage: Storage,
    /// How much is queued.
    pub messaging: Messaging,
    /// Where the pushes go.
    pub queue: Queue,
    /// The platforms that have credentials; devices of others are left out.
    pub platforms: Vec<Platform>,
}

/// What is to come of a campaign next.
enum Next {
    /// Its next page, after a pause.
    Page(Duration),
    /// Nothing for so long.
    Rest(Duration),
    /// Nothing more.
    End,
}

impl Handler for Campaigns {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for delivery in batch {
            outcomes.push(Box::pin(self.go_on(delivery)).await?);
        }
        Ok(outcomes)
    }
}

impl Campaigns {
    async fn go_on(&self, delivery: &Delivery) -> Result<Outcome, HandlerError> {
        let Ok(id) = delivery.key().parse::<Uuid>() else {
            return Ok(Outcome::Reject {
                reason: "undecodable",
                why: "the subject names no campaign".to_owned(),
            });
        };
        let began = Instant::now();
        while began.elapsed() < SLICE {
            let Some(campaign) = self.storage.campaign(id).await.map_err(unavailable)? else {
                return Ok(missing(id, delivery.envelope.time, clock::now()));
            };
            match self.step(&campaign, delivery).await? {
                Next::Page(pause) => tokio::time::sleep(pause).await,
                Next::Rest(after) => {
                    let why = format!("campaign {id} begins later");
                    return Ok(Outcome::Wait { after, why });
                }
                Next::End => return Ok(Outcome::Done),
            }
        }
        Ok(Outcome::Wait {
            after: Duration::ZERO,
            why: format!("campaign {id} goes on"),
        })
    }

    async fn step(&self, campaign: &Campaign, cause: &Delivery) -> Result<Next, HandlerError> {
        let (id, now) = (campaign.what.id, clock::now());
        match campaign.state {
            CampaignState::Done | CampaignState::Cancelled | CampaignState::Failed => return Ok(Next::End),
            _ if now >= campaign.what.expires_at => {
                let why = "not all devices were reached before its time to live was over";
                return self.fail(id, why, now).await;
            }
            CampaignState::Scheduled if now < campaign.what.send_at => {
                let left = campaign.what.send_at.duration_since(now);
                return Ok(Next::Rest(Duration::try_from(left).unwrap_or(LOOK_AGAIN)));
            }
            CampaignState::Scheduled => {
                self.storage.start_campaign(id, now).await.map_err(unavailable)?;
                tracing::info!(campaign.id = %id, "campaign begun");
                return Ok(Next::Page(Duration::ZERO));
            }
            CampaignState::Running => {}
        }
        self.page(campaign, &cause.envelope).await
    }

    async fn fail(&self, id: Uuid, why: &str, now: Timestamp) -> Result<Next, HandlerError> {
        tracing::error!(campaign.id = %id, why, "campaign failed");
        self.storage
            .fail_campaign(id, why, now)
            .await
            .map_err(unavailable)?;
        Ok(Next::End)
    }
}

fn missing(id: Uuid, published: Timestamp, now: Timestamp) -> Outcome {
    if now.duration_since(published) < NOT_YET {
        return Outcome::Wait {
            after: LOOK_AGAIN,
            why: format!("campaign {id} is not stored yet"),
        };
    }
    tracing::warn!(campaign.id = %id, "a campaign that was never stored is dropped");
    Outcome::Done
}
