//! Campaigns: who gets them, when, how often, and what stops them.

use std::collections::BTreeMap;

use chassis::clock;
use devstack::testing::eventually;
use domain::OrderState;
use jiff::{SignedDuration, Timestamp};
use messaging::Schedules;
use push_sandbox::{Fault, FaultKind, Platform};
use storage::{CampaignState, CampaignText, DeliveryState, NewCampaign, Preferences, Ways};

use crate::campaigning::{ALL, campaign, message};
use crate::shop::{Shop, customer, event};

#[tokio::test]
async fn an_expression_reaches_exactly_the_devices_it_fits_each_in_its_language() {
    let (shop, hub) = Shop::at_work().await;
    let mut fitting = Vec::new();
    for platform in ALL {
        fitting.push(shop.tagged(platform, "de-AT", &["follows:sku-1"]).await);
        fitting.push(shop.tagged(platform, "fr", &["staff", "country:de"]).await);
        shop.tagged(platform, "en", &["follows:sku-1", "country:de"])
            .await;
        shop.tagged(platform, "en", &[]).await;
    }
    let campaign = NewCampaign {
        texts: BTreeMap::from([(
            "de".into(),
            CampaignText {
                title: "Teewoche".into(),
                body: "Alles grün".into(),
            },
        )]),
        ..campaign("(follows:sku-1 && !country:de) || staff")
    };
    shop.begin(&campaign).await;
    let done = shop.ends(campaign.id, CampaignState::Done).await;
    shop.emptied().await;
    hub.stop().await;

    let mut wanted: Vec<_> = fitting
        .iter()
        .map(|owned| {
            let title = match owned.installation.locale.as_str() {
                "de-AT" => "Teewoche",
                _ => campaign.text.title.as_str(),
            };
            (owned.device.id.clone(), title.to_owned())
        })
        .collect();
    let mut arrived: Vec<_> = shop
        .all_arrived()
        .into_iter()
        .map(|push| (push.device, push.title))
        .collect();
    wanted.sort();
    arrived.sort();
    assert_eq!(arrived, wanted);
    let queued = ["apns", "fcm", "wns"].map(|platform| (platform.to_owned(), 2));
    assert_eq!(done.queued, BTreeMap::from(queued));
    assert_eq!(done.left_out, 0);
    assert_eq!(shop.states(&campaign).await, BTreeMap::from([("sent".into(), 6)]));
    assert_eq!(shop.providers.sandbox.refusals().len(), 0);
}

#[tokio::test]
async fn a_test_reaches_the_chosen_devices_alone() {
    let (shop, hub) = Shop::at_work().await;
    let crowd = shop.crowd(Platform::Fcm, 5).await;
    let chosen = vec![crowd[1].installation.id, crowd[3].installation.id];
    let campaign = NewCampaign {
        devices: Some(chosen),
        ..campaign("crowd")
    };
    shop.begin(&campaign).await;
    shop.ends(campaign.id, CampaignState::Done).await;
    shop.emptied().await;
    hub.stop().await;
    let arrived: Vec<_> = shop.arrived_by_device().into_keys().collect();
    let mut wanted = vec![crowd[1].device.id.clone(), crowd[3].device.id.clone()];
    wanted.sort();
    assert_eq!(arrived, wanted);
}

#[tokio::test]
async fn a_campaign_begins_at_its_time_and_one_that_was_taken_back_never_does() {
    let (shop, hub) = Shop::at_work().await;
    let crowd = shop.crowd(Platform::Apns, 3).await;
    let schedules = Schedules::new(shop.messaging.clone());
    let at = |milliseconds| -> Timestamp { clock::now() + SignedDuration::from_millis(milliseconds) };
    let late = |milliseconds| NewCampaign {
        send_at: at(milliseconds),
        ..campaign("crowd")
    };
    let (taken_back, kept) = (late(1_000), late(1_500));
    for campaign in [&taken_back, &kept] {
        let name = campaign.id.to_string().parse().unwrap();
        schedules
            .schedule_for_operator(&name, campaign.send_at, &message(campaign))
            .await
            .unwrap();
        shop.storage.add_campaign(campaign).await.unwrap();
    }
    assert!(
        shop.storage
            .cancel_campaign(taken_back.id, clock::now())
            .await
            .unwrap()
    );
    assert!(
        !shop
            .storage
            .cancel_campaign(taken_back.id, clock::now())
            .await
            .unwrap()
    );
    shop.ends(kept.id, CampaignState::Done).await;
    shop.emptied().await;
    hub.stop().await;
    let arrived = shop.all_arrived();
    assert_eq!(arrived.len(), crowd.len());
    for push in arrived {
        assert_eq!(push.title, kept.text.title);
        assert!(push.at >= kept.send_at, "{} is before {}", push.at, kept.send_at);
    }
    assert_eq!(shop.campaign(taken_back.id).await.started_at, None);
}

#[tokio::test]
async fn what_is_not_sent_when_a_campaign_is_cancelled_is_not_sent() {
    let (shop, hub) = Shop::at_work().await;
    let crowd = shop.crowd(Platform::Fcm, 40).await;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(2);
    let slow = crowd.iter().min_by_key(|owned| owned.installation.id.0).unwrap();
    shop.providers.sandbox.set_fault(&slow.device.id, Some(throttled));
    let campaign = NewCampaign {
        rate: Some(10),
        ..campaign("crowd")
    };
    shop.begin(&campaign).await;
    eventually("the first page, and the refusal of the slow one", async || {
        let refused = !shop.providers.sandbox.refusals().is_empty();
        (refused && shop.all_arrived().len() >= 5).then_some(())
    })
    .await;
    assert!(
        shop.storage
            .cancel_campaign(campaign.id, clock::now())
            .await
            .unwrap()
    );
    shop.providers.sandbox.set_fault(&slow.device.id, None);
    shop.emptied().await;
    hub.stop().await;
    let states = shop.states(&campaign).await;
    let (sent, cancelled) = (states["sent"], states["cancelled"]);
    assert!(sent < 40 && cancelled >= 1, "{states:?}");
    assert_eq!(usize::try_from(sent).unwrap(), shop.all_arrived().len());
    assert!(shop.providers.arrived_at(&slow.device).is_empty());
    let queued: u64 = shop.campaign(campaign.id).await.queued.values().sum();
    assert!(queued < 40, "nothing more was queued: {queued}");
}

#[tokio::test]
async fn an_orders_push_does_not_wait_for_a_campaign() {
    let shop = Shop::open().await;
    shop.crowd(Platform::Apns, 40).await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let mut flags = shop.providers.flags();
    flags.push("--push-apns-rate=8".into());
    let hub = shop.hub(&flags);
    let campaign = campaign("crowd");
    shop.begin(&campaign).await;
    shop.ends(campaign.id, CampaignState::Done).await;
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    let waiting = shop.states(&campaign).await;
    assert!(waiting["queued"] > 0, "{waiting:?}");
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.all_arrived().len(), 41);
}

#[tokio::test]
async fn a_campaign_that_can_not_be_done_in_time_fails_and_says_why() {
    let (shop, hub) = Shop::at_work().await;
    shop.crowd(Platform::Apns, 2).await;
    let long_ago = clock::now() - SignedDuration::from_hours(2);
    let late = NewCampaign {
        send_at: long_ago,
        expires_at: long_ago + SignedDuration::from_hours(1),
        ..campaign("crowd")
    };
    shop.begin(&late).await;
    let failed = shop.ends(late.id, CampaignState::Failed).await;
    assert!(failed.why.unwrap().contains("time to live"));
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.all_arrived().len(), 0);
}

#[tokio::test]
async fn the_operator_sees_which_push_service_refuses_us_until_it_does_not() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let computer = shop.register(owner, Platform::Wns, "en").await;
    let blocked = Fault::new(FaultKind::DomainBlocked);
    shop.providers
        .sandbox
        .set_fault(&computer.device.id, Some(blocked));
    shop.publish(&event(owner, OrderState::Confirmed, 2)).await;
    let known = eventually("the refusal", async || {
        let known = shop.storage.push_platforms().await.unwrap();
        known.into_iter().find(|known| known.barred_since.is_some())
    })
    .await;
    assert_eq!(known.platform, "wns");
    assert!(known.why.is_some());
    let other = customer();
    shop.register(other, Platform::Wns, "en").await;
    shop.publish(&event(other, OrderState::Confirmed, 2)).await;
    eventually("all to be well", async || {
        let known = shop.storage.push_platforms().await.unwrap();
        known
            .iter()
            .all(|known| known.barred_since.is_none())
            .then_some(())
    })
    .await;
    hub.stop().await;
}

#[tokio::test]
async fn a_silent_campaign_tells_the_app_and_shows_nothing() {
    let (shop, hub) = Shop::at_work().await;
    let phone = shop.tagged(Platform::Apns, "en", &["beta"]).await;
    let mut silent = campaign("beta");
    (silent.silent, silent.text) = (
        true,
        CampaignText {
            title: String::new(),
            body: String::new(),
        },
    );
    silent.data.insert("sync".into(), "catalog".into());
    shop.begin(&silent).await;
    let arrived = eventually("the push", async || shop.all_arrived().pop()).await;
    assert_eq!(
        (arrived.device.as_str(), arrived.title.as_str()),
        (phone.device.id.as_str(), "")
    );
    assert_eq!(arrived.payload["sync"], "catalog");
    assert_eq!(arrived.payload["aps"].get("alert"), None);
    hub.stop().await;
}

#[tokio::test]
async fn what_a_customer_has_chosen_counts_and_his_language_goes_before_his_devices() {
    let (shop, hub) = Shop::at_work().await;
    let phone = shop.tagged(Platform::Apns, "en", &["tea"]).await;
    let usual = Preferences::default();
    let german = Preferences {
        locale: Some("de-AT".into()),
        ..usual.clone()
    };
    let no_news = Preferences {
        news: Ways {
            push: false,
            email: true,
        },
        ..usual
    };
    let silent = shop.tagged(Platform::Apns, "en", &["tea"]).await;
    for (owned, chosen) in [(&phone, german), (&silent, no_news)] {
        let owner = owned.installation.customer;
        let put = shop.storage.put_preferences(owner, &chosen, clock::now()).await;
        assert!(put.unwrap());
    }
    let german = CampaignText {
        title: "Teewoche".into(),
        body: "Alles Grüne".into(),
    };
    let campaign = NewCampaign {
        texts: BTreeMap::from([("de".into(), german)]),
        ..campaign("tea")
    };
    shop.begin(&campaign).await;
    let done = shop.ends(campaign.id, CampaignState::Done).await;
    shop.emptied().await;
    let arrived = shop.all_arrived();
    let titles: Vec<_> = arrived.iter().map(|push| push.title.as_str()).collect();
    assert_eq!(titles, ["Teewoche"]);
    assert_eq!(done.queued, BTreeMap::from([("apns".into(), 1)]));
    assert_eq!(done.left_out, 1);
    hub.stop().await;
}
