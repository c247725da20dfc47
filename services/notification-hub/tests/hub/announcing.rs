//! From events to pushes.

use std::time::Duration;

use chassis::clock;
use devstack::testing::eventually;
use domain::commands::{Submit, SubmitLine};
use domain::order::{Address, Contact};
use domain::{OrderCommand, OrderId, OrderState};
use messaging::{DeadLetters, commands, events};
use push_sandbox::Platform;
use storage::DeliveryState;

use crate::shop::{Shop, customer, event, later};

#[tokio::test]
async fn an_event_reaches_every_device_of_its_customer_in_its_language() {
    let (shop, hub) = Shop::at_work().await;
    let (owner, other) = (customer(), customer());
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let tablet = shop.register(owner, Platform::Fcm, "de-AT").await;
    let computer = shop.register(owner, Platform::Wns, "fr").await;
    shop.register(other, Platform::Apns, "en").await;
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;

    let arrived = shop.arrivals(confirmed.order, 3).await;
    let text = |platform| {
        let push = arrived.iter().find(|push| push.platform == platform).unwrap();
        (push.title.as_str(), push.body.as_str())
    };
    let english = (
        "Your order is confirmed",
        "We are getting your order for €12.50 ready.",
    );
    assert_eq!(text(Platform::Apns), english);
    assert_eq!(text(Platform::Wns), english, "a language there are no texts in");
    let german = (
        "Ihre Bestellung ist bestätigt",
        "Wir machen Ihre Bestellung über 12,50 € fertig.",
    );
    assert_eq!(text(Platform::Fcm), german);
    for device in [&phone, &tablet, &computer] {
        shop.becomes(&confirmed, device, DeliveryState::Sent).await;
    }
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.arrivals(confirmed.order, 3).await.len(), 3);
    assert_eq!(shop.providers.sandbox.refusals().len(), 0);
}

#[tokio::test]
async fn an_event_that_comes_again_gives_no_second_push() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    // Beyond the stream's memory of ids, the broker takes the same event once more.
    let mut again = events::order_event_message(&confirmed, "order-processor");
    again.envelope.id = "beyond the duplicate window".into();
    shop.send(&again).await;
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.arrivals(confirmed.order, 1).await.len(), 1);
}

#[tokio::test]
async fn of_two_fast_versions_only_the_newer_is_sent() {
    let shop = Shop::open().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Fcm, "en").await;
    let submitted = event(owner, OrderState::Submitted, 1);
    let confirmed = later(&submitted, OrderState::Confirmed);
    shop.publish(&submitted).await;
    shop.publish(&confirmed).await;
    let hub = shop.hub(&shop.providers.flags());
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    shop.emptied().await;
    hub.stop().await;
    let [push] = shop.arrivals(submitted.order, 1).await.try_into().unwrap();
    assert_eq!(push.title, "Your order is confirmed");
    assert_eq!(
        shop.state(&submitted, &phone).await,
        Some(DeliveryState::Superseded)
    );
}

#[tokio::test]
async fn a_submitted_order_gives_the_received_push_while_no_processor_runs() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    shop.register(owner, Platform::Apns, "en").await;
    let order = OrderId(clock::random_id());
    let submit = Submit {
        customer: owner,
        lines: vec![SubmitLine {
            sku: "green-tea".parse().unwrap(),
            quantity: 1.try_into().unwrap(),
        }],
        contact: Contact {
            name: "Ada".parse().unwrap(),
            email: "ada@example.org".parse().unwrap(),
            phone: None,
        },
        shipping_address: Address {
            street: "Hauptstr. 1".parse().unwrap(),
            postcode: "10115".parse().unwrap(),
            city: "Berlin".parse().unwrap(),
            country: "DE".parse().unwrap(),
        },
        note: None,
        expected_total: None,
    };
    let command = OrderCommand::submit(order, submit, clock::now());
    shop.send(&commands::order_message(&command, "rest-api", None))
        .await;
    let [push] = shop.arrivals(order, 1).await.try_into().unwrap();
    assert_eq!(push.title, "We have received your order");
    hub.stop().await;
}

#[tokio::test]
async fn what_happened_long_ago_is_not_announced() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let mut old = event(owner, OrderState::Confirmed, 2);
    old.at = clock::now() - Duration::from_secs(31 * 60);
    let fresh = event(owner, OrderState::Confirmed, 2);
    shop.publish(&old).await;
    shop.publish(&fresh).await;
    shop.becomes(&fresh, &phone, DeliveryState::Sent).await;
    assert_eq!(shop.state(&old, &phone).await, None);
    hub.stop().await;
}

#[tokio::test]
async fn a_platform_without_credentials_gets_no_notifications_and_others_do() {
    let shop = Shop::open().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let computer = shop.register(owner, Platform::Wns, "en").await;
    let wns = |flag: &String| flag.starts_with("--wns");
    let flags: Vec<_> = shop
        .providers
        .flags()
        .into_iter()
        .filter(|flag| !wns(flag))
        .collect();
    let hub = shop.hub(&flags);
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    assert_eq!(shop.state(&confirmed, &computer).await, None);
    hub.stop().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_a_dead_letter_and_others_flow() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    let confirmed = event(owner, OrderState::Confirmed, 2);
    let mut broken = events::order_event_message(&event(owner, OrderState::Confirmed, 2), "order-processor");
    broken.body = b"{\"order\":1}".to_vec().into();
    shop.send(&broken).await;
    shop.publish(&confirmed).await;
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    let letters = DeadLetters::new(shop.messaging.clone());
    let letter = eventually("the dead letter", async || letters.list(1, 10).await.ok()?.pop()).await;
    assert_eq!(
        (letter.reason.as_str(), letter.consumer.as_str()),
        ("undecodable", "notification-hub")
    );
    hub.stop().await;
}

#[tokio::test]
async fn an_orders_three_changes_reach_three_platforms_in_order_and_nobody_else() {
    let (shop, hub) = Shop::at_work().await;
    let (owner, other) = (customer(), customer());
    let devices = [
        shop.register(owner, Platform::Apns, "en").await,
        shop.register(owner, Platform::Fcm, "de").await,
        shop.register(owner, Platform::Wns, "de-AT").await,
    ];
    shop.register(other, Platform::Apns, "en").await;
    let confirmed = event(owner, OrderState::Confirmed, 2);
    let shipped = later(&confirmed, OrderState::Shipped);
    let delivered = later(&shipped, OrderState::Delivered);
    for change in [&confirmed, &shipped, &delivered] {
        shop.publish(change).await;
        for device in &devices {
            shop.becomes(change, device, DeliveryState::Sent).await;
        }
    }
    hub.stop().await;
    let arrived = shop.arrivals(confirmed.order, 9).await;
    let english = [
        "Your order is confirmed",
        "Your order is on its way",
        "Your order has arrived",
    ];
    let german = [
        "Ihre Bestellung ist bestätigt",
        "Ihre Bestellung ist unterwegs",
        "Ihre Bestellung ist angekommen",
    ];
    for (device, titles) in devices.iter().zip([english, german, german]) {
        let shown = arrived.iter().filter(|push| push.device == device.device.id);
        let shown: Vec<_> = shown.map(|push| push.title.as_str()).collect();
        assert_eq!(shown, titles);
    }
    assert_eq!(
        shop.providers
            .sandbox
            .deliveries(&push_sandbox::Filter::default())
            .len(),
        9
    );
}
