//! The hub's ledger.

use domain::{InstallationId, OrderId, Version};
use jiff::{Timestamp, ToSpan, civil::Date};
use storage::{About, Delivery, DeliveryState, Platform, Settled};
use uuid::Uuid;

use crate::shop::{Shop, at};

fn delivery(id: u128, order: u128, version: u32, event_at: Timestamp) -> Delivery {
    Delivery {
        id: Uuid::from_u128(id),
        event_at,
        installation: InstallationId(Uuid::from_u128(7)),
        platform: Platform::Fcm,
        about: About::Order {
            order: OrderId(Uuid::from_u128(order)),
            version: Version(version),
        },
        state: DeliveryState::Queued,
        attempts: 0,
        provider: None,
    }
}

async fn state(shop: &Shop, delivery: &Delivery) -> DeliveryState {
    shop.storage
        .delivery(delivery.event_at, delivery.id)
        .await
        .unwrap()
        .unwrap()
        .state
}

async fn settle(shop: &Shop, delivery: &Delivery, state: DeliveryState, provider: Option<&str>) {
    let settled = Settled {
        event_at: delivery.event_at,
        delivery: delivery.id,
        state,
        provider: provider.map(str::to_owned),
        at: at(1),
    };
    shop.storage.settle_deliveries(&[settled]).await.unwrap();
}

#[tokio::test]
async fn a_replayed_event_meets_its_own_row() {
    let shop = Shop::open().await;
    let push = delivery(1, 1, 1, at(0));
    assert_eq!(
        shop.storage
            .queue_deliveries(std::slice::from_ref(&push))
            .await
            .unwrap(),
        [push.id]
    );
    assert_eq!(
        shop.storage
            .queue_deliveries(std::slice::from_ref(&push))
            .await
            .unwrap(),
        [push.id]
    );
    settle(&shop, &push, DeliveryState::Sent, Some("p-1")).await;
    assert!(
        shop.storage
            .queue_deliveries(std::slice::from_ref(&push))
            .await
            .unwrap()
            .is_empty()
    );

    let stored = shop.storage.delivery(at(0), push.id).await.unwrap().unwrap();
    let sent = Delivery {
        state: DeliveryState::Sent,
        attempts: 1,
        provider: Some("p-1".into()),
        ..push
    };
    assert_eq!(stored, sent);
    assert_eq!(shop.storage.delivery(at(0), Uuid::nil()).await.unwrap(), None);
}

#[tokio::test]
async fn a_later_version_supersedes_what_is_still_queued() {
    let shop = Shop::open().await;
    let (first, second, third) = (
        delivery(1, 1, 1, at(0)),
        delivery(2, 1, 2, at(1)),
        delivery(3, 1, 3, at(2)),
    );
    let elsewhere = delivery(4, 2, 1, at(0));
    let other_device = Delivery {
        installation: InstallationId(Uuid::from_u128(8)),
        ..delivery(5, 1, 1, at(0))
    };
    shop.storage
        .queue_deliveries(&[first.clone(), elsewhere.clone(), other_device.clone()])
        .await
        .unwrap();
    settle(&shop, &first, DeliveryState::Sent, None).await;
    shop.storage
        .queue_deliveries(std::slice::from_ref(&second))
        .await
        .unwrap();
    assert_eq!(
        shop.storage
            .queue_deliveries(std::slice::from_ref(&third))
            .await
            .unwrap(),
        [third.id]
    );

    assert_eq!(state(&shop, &first).await, DeliveryState::Sent);
    assert_eq!(state(&shop, &second).await, DeliveryState::Superseded);
    for queued in [&third, &elsewhere, &other_device] {
        assert_eq!(state(&shop, queued).await, DeliveryState::Queued);
    }
}

#[tokio::test]
async fn an_older_version_that_comes_late_is_superseded_at_once() {
    let shop = Shop::open().await;
    // Across midnight, too.
    let (second, first) = (delivery(2, 1, 2, at(86_400)), delivery(1, 1, 1, at(0)));
    shop.storage.queue_deliveries(&[second]).await.unwrap();
    assert!(
        shop.storage
            .queue_deliveries(std::slice::from_ref(&first))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(state(&shop, &first).await, DeliveryState::Superseded);
}

#[tokio::test]
async fn two_hubs_at_once_leave_one_version_queued() {
    let shop = Shop::open().await;
    for order in 1..=20_u128 {
        let (one, two) = (
            delivery(order * 2, order, 1, at(0)),
            delivery(order * 2 + 1, order, 2, at(1)),
        );
        let (both, also) = ([one.clone()], [two.clone()]);
        let queued = tokio::join!(
            shop.storage.queue_deliveries(&both),
            shop.storage.queue_deliveries(&also)
        );
        queued.0.unwrap();
        queued.1.unwrap();
        assert_eq!(state(&shop, &one).await, DeliveryState::Superseded);
        assert_eq!(state(&shop, &two).await, DeliveryState::Queued);
    }
}

#[tokio::test]
async fn a_final_state_stays_and_an_unknown_one_does_not() {
    let shop = Shop::open().await;
    let push = delivery(1, 1, 1, at(0));
    shop.storage
        .queue_deliveries(std::slice::from_ref(&push))
        .await
        .unwrap();
    for (state, provider) in [
        (DeliveryState::Unknown, None),
        (DeliveryState::Failed, Some("BadTopic")),
        (DeliveryState::Sent, Some("late")),
    ] {
        settle(&shop, &push, state, provider).await;
    }
    let stored = shop.storage.delivery(at(0), push.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.attempts), (DeliveryState::Failed, 2));
    assert_eq!(stored.provider.as_deref(), Some("BadTopic"));
}

#[tokio::test]
async fn days_are_made_ahead_and_on_demand_and_dropped_when_old() {
    let shop = Shop::open().await;
    let today: Date = "2027-01-15".parse().unwrap();
    shop.storage.rotate_deliveries(today).await.unwrap();
    // Events of any day are taken, even of one without a partition.
    let old = delivery(1, 1, 1, at(-40 * 86_400));
    let late = delivery(2, 2, 1, at(-3 * 86_400));
    assert_eq!(
        shop.storage
            .queue_deliveries(&[old.clone(), late.clone()])
            .await
            .unwrap()
            .len(),
        2
    );

    let days = || {
        let list = "SELECT relname FROM pg_class WHERE relname ~ '^deliveries_\\d+$' AND relkind = 'r' ORDER BY relname";
        devstack::servers::postgres::psql(&shop.servers.database_url, list).unwrap()
    };
    assert!(
        days().contains("deliveries_20261206") && days().contains("deliveries_20270118"),
        "{}",
        days()
    );
    shop.storage.rotate_deliveries(today).await.unwrap();
    assert!(!days().contains("deliveries_20261206"), "{}", days());
    assert_eq!(shop.storage.delivery(old.event_at, old.id).await.unwrap(), None);
    assert_eq!(state(&shop, &late).await, DeliveryState::Queued);
    shop.storage
        .rotate_deliveries(today.saturating_add(1.day()))
        .await
        .unwrap();
}
