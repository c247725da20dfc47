//! From events to those who wished to hear of them.

use chassis::clock;
use devstack::testing::{change_stream, eventually, stored};
use domain::{Actor, OrderEvent, OrderState};
use messaging::{DeadLetters, events};
use push_sandbox::{Delivery, Platform};
use serde_json::json;
use storage::{DeliveryState, Preferences, Ways};

use crate::shop::{Shop, customer, event};
use crate::wishers::{changed, eur, restock};

const CHEAP_TEA: &str = "price_minor < 2000 AND category IN ('tea', 'cups')";

fn texts(pushes: &[Delivery]) -> Vec<(&str, &str)> {
    pushes
        .iter()
        .map(|push| (push.title.as_str(), push.body.as_str()))
        .collect()
}

#[tokio::test]
async fn a_restock_reaches_those_whose_condition_holds_in_their_language_and_nobody_else() {
    let (shop, hub) = Shop::at_work().await;
    let (ada, bob) = (customer(), customer());
    let phone = shop.register(ada, Platform::Apns, "en").await;
    let tablet = shop.register(ada, Platform::Fcm, "de-AT").await;
    let computer = shop.register(bob, Platform::Wns, "de").await;
    shop.wish(ada, "catalog.restocked", Some(CHEAP_TEA)).await;
    shop.wish(bob, "catalog.restocked", Some("SKU = 'sencha'")).await;
    let mut others = Vec::new();
    for (topic, condition) in [
        ("catalog.restocked", "price_minor >= 2000"),
        ("catalog.restocked", "sku = 'gyokuro'"),
        ("catalog.restocked", "NOT category LIKE 'te_'"),
        ("catalog.restocked", "old_available > 0"),
        ("catalog.price-dropped", "sku = 'sencha'"),
        ("catalog.added", "category = 'tea'"),
        ("order.confirmed", "total_minor > 0"),
    ] {
        let other = customer();
        others.push(shop.register(other, Platform::Apns, "en").await);
        shop.wish(other, topic, Some(condition)).await;
    }
    others.push(shop.register(customer(), Platform::Fcm, "en").await);
    shop.tell(&restock()).await;

    let english = ("Back in stock", "Sencha is available again for €12.50.");
    let german = ("Wieder da", "Sencha gibt es wieder für 12,50 €.");
    assert_eq!(texts(&shop.heard(&phone).await), [english]);
    assert_eq!(texts(&shop.heard(&tablet).await), [german]);
    assert_eq!(texts(&shop.heard(&computer).await), [german]);
    shop.emptied().await;
    hub.stop().await;
    for other in &others {
        assert_eq!(texts(&shop.arrived(other)), []);
    }
    assert_eq!(shop.providers.sandbox.refusals().len(), 0);
}

#[tokio::test]
async fn an_event_that_comes_again_is_told_once() {
    let (shop, hub) = Shop::at_work().await;
    let ada = customer();
    let phone = shop.register(ada, Platform::Apns, "en").await;
    shop.wish(ada, "catalog.restocked", None).await;
    let event = restock();
    shop.tell(&event).await;
    shop.heard(&phone).await;
    shop.emptied().await;
    // Beyond the stream's memory of ids, the broker takes the same event once more.
    change_stream(
        &shop.servers.nats_url,
        "EVENTS",
        &json!({ "duplicate_window": 100_000_000 }),
    )
    .await;
    eventually("the event to be taken again", async || {
        shop.tell(&event).await;
        (stored(&shop.servers.nats_url, "EVENTS").await > 1).then_some(())
    })
    .await;
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.arrived(&phone).len(), 1);
}

#[tokio::test]
async fn a_wish_counts_from_the_moment_it_is_made_until_it_is_taken_back() {
    let (shop, hub) = Shop::at_work().await;
    let ada = customer();
    let phone = shop.register(ada, Platform::Apns, "en").await;
    shop.tell(&restock()).await;
    shop.emptied().await;
    assert_eq!(shop.arrived(&phone).len(), 0);

    let dropped = "sku = 'sencha' AND price_minor <= old_price_minor / 2";
    let wish = shop.wish(ada, "catalog.price-dropped", Some(dropped)).await;
    shop.tell(&changed("price-changed", (1250, 5), 900, 5)).await;
    shop.tell(&changed("price-changed", (900, 5), 450, 5)).await;
    let heard = shop.heard(&phone).await;
    assert_eq!(
        texts(&heard),
        [("Now for less", "Sencha costs €4.50 instead of €9.00.")]
    );

    assert!(shop.storage.remove_wish(&[ada], wish).await.unwrap());
    shop.tell(&changed("price-changed", (450, 5), 100, 5)).await;
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.arrived(&phone).len(), 1);
}

#[tokio::test]
async fn several_wishes_of_a_customer_give_one_push_to_each_device() {
    let (shop, hub) = Shop::at_work().await;
    let ada = customer();
    let phone = shop.register(ada, Platform::Apns, "en").await;
    let computer = shop.register(ada, Platform::Wns, "en").await;
    for (topic, condition) in [
        ("catalog.stock-changed", None),
        ("catalog.restocked", None),
        ("catalog.restocked", Some(CHEAP_TEA)),
        ("catalog.restocked", Some("sku = 'sencha'")),
    ] {
        shop.wish(ada, topic, condition).await;
    }
    shop.tell(&restock()).await;
    shop.heard(&phone).await;
    shop.heard(&computer).await;
    shop.emptied().await;
    hub.stop().await;
    for device in [&phone, &computer] {
        let arrived = shop.arrived(device);
        assert_eq!(arrived.len(), 1);
        assert_eq!(arrived[0].title, "Back in stock", "the most telling topic");
        assert!(arrived[0].collapse_key.is_some());
    }
}

#[tokio::test]
async fn of_orders_everyone_hears_of_his_own() {
    let (shop, hub) = Shop::at_work().await;
    let (ada, eve) = (customer(), customer());
    let phone = shop.register(ada, Platform::Apns, "en").await;
    let other = shop.register(eve, Platform::Apns, "en").await;
    // What the shop itself was refused is told to nobody who has not wished for it.
    for owner in [ada, eve] {
        shop.wish(
            owner,
            "order.refused",
            Some("total_minor > 1000 AND refused = 'cancel'"),
        )
        .await;
        shop.wish(owner, "order.shipped", Some("total_minor > 1000"))
            .await;
    }
    let refused = |minor| OrderEvent {
        refused: Some("cancel".into()),
        by: Actor::Staff("sam".into()),
        total: Some(eur(minor)),
        ..event(ada, OrderState::Shipped, 3)
    };
    shop.publish(&refused(999)).await;
    shop.publish(&refused(1250)).await;
    let heard = shop.heard(&phone).await;
    assert_eq!(
        texts(&heard),
        [(
            "News about your order",
            "Something that you wanted to hear of has happened to your order."
        )]
    );
    shop.emptied().await;
    // What is told anyway is told once.
    let shipped = event(ada, OrderState::Shipped, 3);
    shop.publish(&shipped).await;
    shop.arrivals(shipped.order, 1).await;
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.arrivals(shipped.order, 1).await.len(), 1);
    assert_eq!(shop.arrived(&phone).len(), 2);
    assert_eq!(shop.arrived(&other).len(), 0);
}

#[tokio::test]
async fn a_topic_to_come_needs_no_new_program() {
    let (shop, hub) = Shop::at_work().await;
    let ada = customer();
    let phone = shop.register(ada, Platform::Apns, "de").await;
    shop.wish(
        ada,
        "catalog.discounted",
        Some("percent >= 20 AND season = 'spring'"),
    )
    .await;
    let discounted = |percent| {
        let mut message =
            events::catalog_event_message(&changed("discounted", (1250, 5), 1250, 5), "another-service");
        message.body = json!({ "sku": "sencha", "name": "Sencha", "percent": percent, "season": "spring" })
            .to_string()
            .into();
        message
    };
    shop.send(&discounted(10)).await;
    shop.send(&discounted(25)).await;
    let heard = shop.heard(&phone).await;
    assert_eq!(
        texts(&heard),
        [("Neues aus unserem Laden", "Es gibt Neues zu Sencha.")]
    );
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.arrived(&phone).len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_holds_up_nobody() {
    let (shop, hub) = Shop::at_work().await;
    let (ada, bob) = (customer(), customer());
    let phone = shop.register(ada, Platform::Apns, "en").await;
    let other = shop.register(bob, Platform::Apns, "en").await;
    let keys = ::wishes::Wish::parse("catalog.restocked", None).unwrap().keys();
    shop.wish_under(bob, "catalog.restocked", Some("sku = "), &keys)
        .await;
    shop.wish_under(bob, "catalog.restocked", Some("weight / 0 > 1"), &keys)
        .await;
    shop.wish(ada, "catalog.restocked", None).await;
    let mut broken = events::catalog_event_message(&restock(), "order-processor");
    broken.body = b"tea".to_vec().into();
    shop.send(&broken).await;
    shop.tell(&restock()).await;
    shop.heard(&phone).await;
    let letters = DeadLetters::new(shop.messaging.clone());
    let letter = eventually("the dead letter", async || letters.list(1, 10).await.ok()?.pop()).await;
    assert_eq!(
        (letter.reason.as_str(), letter.consumer.as_str()),
        ("undecodable", "notification-hub-wishes")
    );
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(shop.arrived(&other).len(), 0);
}

#[tokio::test]
async fn who_wants_no_pushes_about_orders_still_hears_of_those_he_wished_for() {
    let (shop, hub) = Shop::at_work().await;
    let ada = customer();
    let phone = shop.register(ada, Platform::Apns, "en").await;
    let none = Ways {
        push: false,
        email: false,
    };
    let chosen = Preferences {
        orders: none,
        ..Preferences::default()
    };
    assert!(
        shop.storage
            .put_preferences(ada, &chosen, clock::now())
            .await
            .unwrap()
    );
    shop.wish(ada, "order.shipped", Some("total_minor >= 1250")).await;
    let confirmed = event(ada, OrderState::Confirmed, 2);
    let small = OrderEvent {
        total: Some(eur(1249)),
        ..event(ada, OrderState::Shipped, 3)
    };
    let shipped = event(ada, OrderState::Shipped, 3);
    for event in [&confirmed, &small, &shipped] {
        shop.publish(event).await;
    }
    shop.becomes(&shipped, &phone, DeliveryState::Sent).await;
    shop.emptied().await;
    hub.stop().await;
    assert_eq!(texts(&shop.arrived(&phone)).len(), 1);
    for event in [&confirmed, &small] {
        assert_eq!(shop.state(event, &phone).await, None);
    }
}
