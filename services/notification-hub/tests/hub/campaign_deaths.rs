//! Campaigns that two replicas have in hand, and hubs that die on the way.

use std::collections::BTreeMap;
use std::process::Stdio;

use devstack::testing::eventually;
use messaging::topology::NOTIFICATIONS;
use push_sandbox::Platform;
use storage::{CampaignState, NewCampaign};
use tokio::process::{Child, Command};

use crate::campaigning::campaign;
use crate::shop::Shop;

#[tokio::test]
async fn two_replicas_send_a_campaign_once() {
    let shop = Shop::open().await;
    shop.crowd(Platform::Apns, 60).await;
    let hubs = [(); 2].map(|()| shop.hub(&shop.providers.flags()));
    let campaign = NewCampaign {
        rate: Some(30),
        ..campaign("crowd")
    };
    shop.begin(&campaign).await;
    let done = shop.ends(campaign.id, CampaignState::Done).await;
    shop.emptied().await;
    for hub in hubs {
        hub.stop().await;
    }
    assert_eq!(done.queued, BTreeMap::from([("apns".into(), 60)]));
    let counts = shop.arrived_by_device();
    assert_eq!(counts.len(), 60);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

/// The program itself, to be killed.
fn program(shop: &Shop) -> Child {
    Command::new(env!("CARGO_BIN_EXE_notification-hub"))
        .args(shop.providers.flags())
        .args(["--admin-listen=127.0.0.1:0", "--push-concurrency=8"])
        .env("DATABASE_URL", shop.servers.database_url_of("notification-hub"))
        .env("NATS_URL", &shop.servers.nats_url)
        .env("REDIS_URL", &shop.servers.redis_url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_hub_that_is_killed_on_the_way_goes_on_where_it_was() {
    let shop = Shop::open().await;
    shop.crowd(Platform::Apns, 150).await;
    let campaign = NewCampaign {
        rate: Some(30),
        ..campaign("crowd")
    };
    shop.begin(&campaign).await;
    for (least, deaths) in [(20, 0), (80, 4)] {
        // As if so many others had died of it: what this one comes to ends that.
        for _ in 0..deaths {
            shop.storage.raise_attempts(NOTIFICATIONS, 1).await.unwrap();
        }
        let mut hub = program(&shop);
        eventually("some pushes", async || {
            (shop.arrived_by_device().len() >= least).then_some(())
        })
        .await;
        hub.kill().await.unwrap();
    }
    assert_eq!(
        shop.campaign(campaign.id).await.state,
        CampaignState::Running,
        "it was killed on the way, not after it"
    );
    let _hub = program(&shop);
    let done = shop.ends(campaign.id, CampaignState::Done).await;
    shop.emptied().await;
    assert_eq!(done.queued, BTreeMap::from([("apns".into(), 150)]));
    assert_eq!(
        shop.states(&campaign).await,
        BTreeMap::from([("sent".into(), 150)])
    );
    let counts = shop.arrived_by_device();
    assert_eq!(counts.len(), 150);
    // What was on its way when the hub died is sent again, and replaces itself.
    let again: usize = counts.values().map(|count| count - 1).sum();
    assert!(again <= 2 * 8, "{again} came twice");
    let keys: std::collections::BTreeSet<_> = shop
        .all_arrived()
        .into_iter()
        .map(|push| push.collapse_key)
        .collect();
    assert_eq!(keys.len(), 1);
}
