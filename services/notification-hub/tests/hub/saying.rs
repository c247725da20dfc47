//! What is said, how often, and what is told of it afterwards.

use std::time::Duration;

use chassis::clock;
use domain::OrderState;
use messaging::Subscriptions;
use push_sandbox::{Fault, FaultKind, Platform};
use storage::DeliveryState;
use storage::push_templates::{PushTemplate, TemplateKey};

use crate::shop::{Shop, customer, event, later};

fn template(event: &str, locale: &str, title: &str, body: &str) -> PushTemplate {
    PushTemplate {
        key: TemplateKey {
            event: event.into(),
            app: "*".into(),
            platform: "*".into(),
            locale: locale.into(),
        },
        title: title.into(),
        body: body.into(),
    }
}

#[tokio::test]
async fn the_shops_own_words_stand_in_the_place_of_the_built_in_ones() {
    let shop = Shop::open().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en-GB").await;
    let tablet = shop.register(owner, Platform::Fcm, "de").await;
    let own = template("order.confirmed", "en", "Got it!", "{$(total) + ' are on us'}");
    // As an older or newer program may have left it.
    let unreadable = template("order.confirmed", "de", "$(", "x");
    for template in [own, unreadable] {
        shop.storage
            .put_push_template(&template, clock::now())
            .await
            .unwrap();
    }
    let hub = shop.hub(&shop.providers.flags());
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    for device in [&phone, &tablet] {
        shop.becomes(&confirmed, device, DeliveryState::Sent).await;
    }
    let arrived = shop.arrivals(confirmed.order, 2).await;
    let title = |platform| {
        let push = arrived.iter().find(|push| push.platform == platform).unwrap();
        (push.title.clone(), push.body.clone())
    };
    assert_eq!(
        title(Platform::Apns),
        ("Got it!".to_owned(), "€12.50 are on us".to_owned())
    );
    assert_eq!(
        title(Platform::Fcm).0,
        "Ihre Bestellung ist bestätigt",
        "the built-in text stands for one that can't be read"
    );
    hub.stop().await;
}

#[tokio::test]
async fn changes_that_follow_each_other_closely_are_one_push() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Wns, "en").await;
    let submitted = event(owner, OrderState::Submitted, 1);
    let confirmed = later(&submitted, OrderState::Confirmed);
    let shipped = later(&confirmed, OrderState::Shipped);
    let delivered = later(&shipped, OrderState::Delivered);
    for event in [&submitted, &confirmed] {
        shop.publish(event).await;
    }
    shop.becomes(&confirmed, &phone, DeliveryState::Sent).await;
    for event in [&shipped, &delivered] {
        shop.publish(event).await;
    }
    shop.becomes(&delivered, &phone, DeliveryState::Sent).await;
    shop.emptied().await;
    hub.stop().await;
    let arrived = shop.arrivals(submitted.order, 2).await;
    let titles: Vec<_> = arrived.iter().map(|push| push.title.as_str()).collect();
    assert_eq!(titles, ["Your order is confirmed", "Your order has arrived"]);
    for event in [&submitted, &shipped] {
        assert_eq!(shop.state(event, &phone).await, Some(DeliveryState::Superseded));
    }
}

#[tokio::test]
async fn who_wants_to_know_is_told_what_became_of_a_push() {
    let (shop, hub) = Shop::at_work().await;
    let owner = customer();
    let phone = shop.register(owner, Platform::Apns, "en").await;
    shop.providers
        .sandbox
        .set_fault(&phone.device.id, Some(Fault::new(FaultKind::Gone)));
    let subscriptions = Subscriptions::new(shop.messaging.clone());
    let (name, filter) = ("feedback".parse().unwrap(), "events.push.gone.*".parse().unwrap());
    subscriptions.add(&name, &filter, None).await.unwrap();
    let confirmed = event(owner, OrderState::Confirmed, 2);
    shop.publish(&confirmed).await;
    let mut reader = subscriptions.read(&name).await.unwrap();
    let mut told = reader.receive(1, Duration::from_secs(20)).await.unwrap();
    let told = String::from_utf8(told.pop().unwrap().event.body.to_vec()).unwrap();
    assert!(
        told.contains(&phone.installation.id.to_string()) && told.contains(&confirmed.id().to_string()),
        "{told}"
    );
    assert!(
        !told.contains(&owner.to_string()),
        "whose device it was is nobody's business: {told}"
    );
    hub.stop().await;
}
