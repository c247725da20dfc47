//! Pushes that have to wait.

use std::time::Duration;

use chassis::clock;
use devstack::testing::eventually;
use domain::OrderState;
use messaging::{DeadLetters, events};
use push_sandbox::{Fault, FaultKind, Platform};
use storage::DeliveryState;

use crate::shop::{Shop, customer, event, later};

#[tokio::test]
async fn a_throttled_push_comes_after_the_wait_that_was_asked_for_and_holds_up_no_other() {
    let (shop, hub) = Shop::at_work().await;
    let (owner, other) = (customer(), customer());
    let slow = shop.register(owner, Platform::Apns, "en").await;
    let quick = shop.register(other, Platform::Apns, "en").await;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(2).times(1);
    shop.providers.sandbox.set_fault(&slow.device.id, Some(throttled));
    let (first, second) = (
        event(owner, OrderState::Confirmed, 2),
        event(other, OrderState::Confirmed, 2),
    );
    shop.publish(&first).await;
    shop.publish(&second).await;

    let [late] = shop.arrivals(first.order, 1).await.try_into().unwrap();
    let [early] = shop.arrivals(second.order, 1).await.try_into().unwrap();
    let [refusal] = shop.providers.sandbox.refusals().try_into().unwrap();
    assert!(early.at < late.at, "a device that waits holds up no other");
    assert!(late.at.duration_since(refusal.at) >= Duration::from_secs(2).try_into().unwrap());
    shop.becomes(&first, &slow, DeliveryState::Sent).await;
    shop.becomes(&second, &quick, DeliveryState::Sent).await;
    hub.stop().await;
}

#[tokio::test]
async fn a_service_that_fails_often_dead_letters_nothing() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Fcm, "en").await;
    let failing = Fault::new(FaultKind::Unavailable).retry_after(0).times(8);
    shop.providers.sandbox.set_fault(&phone.device.id, Some(failing));
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    assert_eq!(shop.arrivals(confirmed.order, 1).await.len(), 1);
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    assert_eq!(
        DeadLetters::new(shop.messaging.clone())
            .list(1, 10)
            .await
            .unwrap(),
        []
    );
    hub.stop().await;
}

#[tokio::test]
async fn a_push_that_waits_gives_way_to_the_next_version() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(3).times(1);
    shop.providers
        .sandbox
        .set_fault(&phone.device.id, Some(throttled));
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    eventually("the refusal", async || {
        (shop.providers.sandbox.refusals().len() == 1).then_some(())
    })
    .await;
    let shipped = later(&confirmed, OrderState::Shipped);
    shop.publish(&shipped).await;
    shop.becomes(&shipped, &phone, DeliveryState::Sent).await;
    shop.emptied().await;
    hub.stop().await;
    let [push] = shop.arrivals(confirmed.order, 1).await.try_into().unwrap();
    assert_eq!(push.title, "Your order is on its way");
    assert_eq!(
        shop.state(&confirmed, &phone).await,
        Some(DeliveryState::Superseded)
    );
}

#[tokio::test]
async fn an_unanswered_push_is_sent_again_and_replaces_itself_on_the_device() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    shop.providers
        .sandbox
        .set_fault(&phone.device.id, Some(Fault::new(FaultKind::Reset).times(1)));
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    let [first, second] = shop.arrivals(confirmed.order, 2).await.try_into().unwrap();
    assert_eq!(first.provider_id, second.provider_id, "under the same id");
    assert!(first.collapse_key.is_some() && first.collapse_key == second.collapse_key);
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    hub.stop().await;
}

#[tokio::test]
async fn an_unanswered_push_gives_way_to_the_next_version() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let fault = |fault| assert!(shop.providers.sandbox.set_fault(&phone.device.id, fault));
    fault(Some(Fault::new(FaultKind::Reset).times(1)));
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    shop.becomes(&confirmed, &phone, DeliveryState::Unknown).await;
    fault(Some(Fault::new(FaultKind::Throttled).retry_after(1)));
    let shipped = later(&confirmed, OrderState::Shipped);
    shop.publish(&shipped).await;
    shop.becomes(&confirmed, &phone, DeliveryState::Superseded).await;
    fault(None);
    shop.becomes(&shipped, &phone, DeliveryState::Sent).await;
    shop.emptied().await;
    hub.stop().await;
    let titles: Vec<_> = shop
        .arrivals(confirmed.order, 2)
        .await
        .into_iter()
        .map(|push| push.title)
        .collect();
    assert_eq!(titles, ["Your order is confirmed", "Your order is on its way"]);
}

#[tokio::test]
async fn a_push_that_is_not_taken_before_its_deadline_expires() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Wns, "en").await;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(60);
    shop.providers
        .sandbox
        .set_fault(&phone.device.id, Some(throttled));
    let mut confirmed = event(owner, OrderState::Confirmed, 2);
    confirmed.at = clock::now() - Duration::from_secs(30 * 60 - 3);
    shop.publish(&confirmed).await;
    shop.becomes(&confirmed, &phone, DeliveryState::Expired).await;
    shop.emptied().await;
    hub.stop().await;
    assert!(shop.providers.arrived_at(&phone.device).is_empty());
    assert_eq!(
        DeadLetters::new(shop.messaging.clone())
            .list(1, 10)
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn the_hub_goes_on_by_itself_after_the_broker_was_away() {
    let (mut shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Fcm, "en").await;
    let before = event(owner, OrderState::Confirmed, 2);
    shop.publish(&before).await;
    shop.becomes(&before, &phone, DeliveryState::Sent).await;
    shop.servers.kill_nats().await;
    shop.servers.start_nats().await;
    let after = event(owner, OrderState::Confirmed, 2);
    let message = events::order_event_message(&after, "order-processor");
    eventually("the broker", async || shop.messaging.publish(&message).await.ok()).await;
    shop.becomes(&after, &phone, DeliveryState::Sent).await;
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(
        shop.arrivals(before.order, 1).await.len(),
        1,
        "what came again gave no second push"
    );
}
