//! Devices that go, and devices that change hands.

use devstack::testing::eventually;
use domain::OrderState;
use push_sandbox::{Fault, FaultKind, Platform};
use storage::{DeliveryState, Installation};

use crate::shop::{Shop, customer, event};

#[tokio::test]
async fn a_device_that_is_gone_is_removed_and_hears_no_more() {
    let (shop, hub) = Shop::at_work().await;
    for platform in [Platform::Apns, Platform::Fcm, Platform::Wns, Platform::WebPush] {
        let owner = customer();
        let gone = shop.register(owner, platform, "en").await;
        shop.providers
            .sandbox
            .set_fault(&gone.device.id, Some(Fault::new(FaultKind::Gone)));
        let confirmed = event(owner, OrderState::Confirmed, 2);
        shop.publish(&confirmed).await;
        shop.becomes(&confirmed, &gone, DeliveryState::Gone).await;
        assert_eq!(
            shop.storage.installation(gone.installation.id).await.unwrap(),
            None,
            "{platform:?}"
        );
        let shipped = event(owner, OrderState::Shipped, 3);
        shop.publish(&shipped).await;
        shop.emptied().await;
        assert_eq!(shop.state(&shipped, &gone).await, None, "{platform:?}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn a_blocked_sender_removes_no_device() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let computer = shop.register(owner, Platform::Wns, "en").await;
    shop.providers
        .sandbox
        .set_fault(&computer.device.id, Some(Fault::new(FaultKind::DomainBlocked)));
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    eventually("the refusal", async || {
        (!shop.providers.sandbox.refusals().is_empty()).then_some(())
    })
    .await;
    assert!(
        shop.storage
            .installation(computer.installation.id)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        shop.state(&confirmed, &computer).await,
        Some(DeliveryState::Queued),
        "it waits for an operator"
    );
    hub.stop().await;
}

#[tokio::test]
async fn nobody_is_told_of_the_order_of_a_former_owner() {
    let (shop, hub) = Shop::at_work().await;
    let (former, now) = (customer(), customer());
    let phone = shop.register(former, Platform::Apns, "en").await;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(2).times(1);
    shop.providers
        .sandbox
        .set_fault(&phone.device.id, Some(throttled));
    let confirmed = event(former, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    eventually("the refusal", async || {
        (!shop.providers.sandbox.refusals().is_empty()).then_some(())
    })
    .await;
    let moved = Installation {
        customer: now,
        ..phone.installation.clone()
    };
    shop.storage.put_installation(&moved).await.unwrap();
    shop.becomes(&confirmed, &phone, DeliveryState::Gone).await;
    assert!(shop.providers.arrived_at(&phone.device).is_empty());
    assert!(
        shop.storage
            .installation(phone.installation.id)
            .await
            .unwrap()
            .is_some(),
        "the device stays"
    );
    hub.stop().await;
}

#[tokio::test]
async fn a_device_that_was_removed_gets_nothing_that_was_queued_before() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(2).times(1);
    shop.providers
        .sandbox
        .set_fault(&phone.device.id, Some(throttled));
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    eventually("the refusal", async || {
        (!shop.providers.sandbox.refusals().is_empty()).then_some(())
    })
    .await;
    assert_eq!(
        shop.state(&confirmed, &phone).await,
        Some(DeliveryState::Queued),
        "its push waits"
    );
    let id = phone.installation.id;
    assert!(shop.storage.remove_installation(&[owner], id).await.unwrap());
    shop.becomes(&confirmed, &phone, DeliveryState::Gone).await;
    assert!(shop.providers.arrived_at(&phone.device).is_empty());
    hub.stop().await;
}

#[tokio::test]
async fn a_channel_that_has_run_out_gets_nothing() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let computer = shop.register(owner, Platform::Wns, "en").await;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(2).times(1);
    shop.providers
        .sandbox
        .set_fault(&computer.device.id, Some(throttled));
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    eventually("the refusal", async || {
        (!shop.providers.sandbox.refusals().is_empty()).then_some(())
    })
    .await;
    let run_out = Installation {
        expires_at: Some(computer.installation.updated_at),
        ..computer.installation.clone()
    };
    shop.storage.put_installation(&run_out).await.unwrap();
    shop.becomes(&confirmed, &computer, DeliveryState::Gone).await;
    assert!(shop.providers.arrived_at(&computer.device).is_empty());
    hub.stop().await;
}

#[tokio::test]
async fn when_too_many_devices_are_said_to_be_gone_the_rest_is_kept() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    for _ in 0..30 {
        let phone = shop.register(owner, Platform::Fcm, "en").await;
        shop.providers
            .sandbox
            .set_fault(&phone.device.id, Some(Fault::new(FaultKind::Gone)));
    }
    shop.publish(&event(owner, OrderState::Confirmed, 2)).await;
    eventually("30 refusals", async || {
        (shop.providers.sandbox.refusals().len() == 30).then_some(())
    })
    .await;
    shop.emptied().await;
    let left = shop.storage.installations_of(&[owner]).await.unwrap().len();
    assert_eq!(left, 21, "nine may be chance; with the tenth the removing stops");
    hub.stop().await;
}
