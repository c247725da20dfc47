//! Campaigns as the operator hands them over, and what becomes of them.

use std::collections::BTreeMap;

use chassis::clock;
use devstack::testing::eventually;
use domain::Actor;
use jiff::SignedDuration;
use messaging::{Envelope, Message, subjects};
use push_sandbox::{Delivery, Filter, Platform};
use storage::{Campaign, CampaignState, CampaignText, Installation, NewCampaign};
use uuid::Uuid;

use crate::shop::{Owned, Shop, customer};

pub(crate) const ALL: [Platform; 3] = [Platform::Apns, Platform::Fcm, Platform::Wns];

pub(crate) fn campaign(expression: &str) -> NewCampaign {
    let (id, now) = (clock::random_id(), clock::now());
    NewCampaign {
        id,
        expression: expression.into(),
        devices: None,
        text: CampaignText {
            title: format!("Tea week {id}"),
            body: "Everything green".into(),
        },
        texts: BTreeMap::new(),
        data: serde_json::Map::new(),
        urgent: false,
        silent: false,
        rate: None,
        created_by: "test".into(),
        created_at: now,
        send_at: now,
        expires_at: now + SignedDuration::from_hours(1),
    }
}

pub(crate) fn message(campaign: &NewCampaign) -> Message {
    Message {
        subject: subjects::campaign(campaign.id),
        envelope: Envelope {
            id: campaign.id.to_string(),
            kind: "campaign.send.v1".into(),
            source: "waybillctl".into(),
            time: campaign.created_at,
            actor: Actor::Staff("test".into()),
            correlation_id: None,
            traceparent: None,
            expires_at: None,
        },
        body: "{}".into(),
    }
}

impl Shop {
    pub(crate) async fn begin(&self, campaign: &NewCampaign) {
        self.send(&message(campaign)).await;
        self.storage.add_campaign(campaign).await.unwrap();
    }

    pub(crate) async fn tagged(&self, platform: Platform, locale: &str, tags: &[&str]) -> Owned {
        let owned = self.register(customer(), platform, locale).await;
        let installation = Installation {
            tags: tags.iter().map(ToString::to_string).collect(),
            ..owned.installation
        };
        self.storage.put_installation(&installation).await.unwrap();
        Owned {
            installation,
            ..owned
        }
    }

    pub(crate) async fn crowd(&self, platform: Platform, count: usize) -> Vec<Owned> {
        let mut crowd = Vec::with_capacity(count);
        for _ in 0..count {
            crowd.push(self.tagged(platform, "en", &["crowd"]).await);
        }
        crowd
    }

    pub(crate) async fn campaign(&self, id: Uuid) -> Campaign {
        self.storage.campaign(id).await.unwrap().unwrap()
    }

    pub(crate) async fn ends(&self, id: Uuid, state: CampaignState) -> Campaign {
        eventually("the campaign to end", async || {
            let campaign = self.campaign(id).await;
            (campaign.state == state).then_some(campaign)
        })
        .await
    }

    /// How many of its deliveries are in each state.
    pub(crate) async fn states(&self, campaign: &NewCampaign) -> BTreeMap<String, i64> {
        let counts = self
            .storage
            .campaign_deliveries(campaign.id, campaign.send_at)
            .await
            .unwrap();
        let mut states = BTreeMap::new();
        for count in counts {
            *states.entry(count.state).or_default() += count.count;
        }
        states
    }

    /// What arrived of it, whatever its language: nobody else says anything.
    pub(crate) fn all_arrived(&self) -> Vec<Delivery> {
        self.providers.sandbox.deliveries(&Filter::default())
    }

    /// How many pushes each device got.
    pub(crate) fn arrived_by_device(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for push in self.all_arrived() {
            *counts.entry(push.device).or_default() += 1;
        }
        counts
    }
}
