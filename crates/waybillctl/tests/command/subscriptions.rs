//! Subscriptions made at run time.

use chassis::clock;
use devstack::testing::eventually;
use domain::{Actor, CatalogEvent, CommandId, Money, Sku, Version};
use messaging::events;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::shop::Shop;

/// Says that `sku` was added at `minor` cents, as the processor does.
async fn tell(shop: &Shop, sku: &str, minor: i64) {
    let sku: Sku = sku.parse().unwrap();
    let event = CatalogEvent {
        command: CommandId::for_product(&sku, &"key".parse().unwrap()),
        sku,
        verb: "added".into(),
        version: Version(1),
        price: Money {
            minor,
            currency: "EUR".parse().unwrap(),
        },
        available: 0,
        name: None,
        category: None,
        was: None,
        by: Actor::Staff("sam".into()),
        at: clock::now(),
        reason: None,
    };
    let message = events::catalog_event_message(&event, "order-processor");
    shop.messaging().await.publish(&message).await.unwrap();
}

fn skus(lines: &str) -> Vec<String> {
    let sku = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["data"]["sku"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    lines.lines().map(sku).collect()
}

#[tokio::test]
async fn a_subscription_is_made_read_and_removed() {
    let shop = Shop::unattended().await;
    let add = [
        "subscriptions",
        "add",
        "dear",
        "--filter",
        "events.catalog.added.*",
        "--where",
        "price.minor > 1000",
    ];
    assert_eq!(shop.good(&add).await, "subscription dear created\n");
    assert_eq!(shop.good(&add).await, "subscription dear unchanged\n");
    for (sku, price) in [
        ("assam", 250),
        ("gyokuro", 2_500),
        ("sencha", 1_200),
        ("matcha", 3_000),
    ] {
        tell(&shop, sku, price).await;
    }
    let list = shop.good(&["subscriptions", "list"]).await;
    assert!(
        list.contains("price.minor > 1000") && list.contains("events.catalog.added.*"),
        "{list}"
    );
    eventually("four that wait", async || {
        let queues = shop.json(&["queues"]).await;
        let mut all = queues.as_array().unwrap().iter();
        let queue = all.find(|queue| queue["consumer"] == "subscription-dear");
        (queue.unwrap()["pending"] == 4).then_some(())
    })
    .await;
    assert!(shop.good(&["topology", "apply"]).await.contains("unchanged"));

    let one = shop
        .good(&["subscriptions", "read", "dear", "--limit", "1"])
        .await;
    assert_eq!(skus(&one), ["gyokuro"]);
    let rest = shop.good(&["subscriptions", "read", "dear"]).await;
    assert_eq!(skus(&rest), ["sencha", "matcha"]);
    assert_eq!(shop.good(&["subscriptions", "read", "dear"]).await, "");
    assert_eq!(
        shop.good(&["subscriptions", "remove", "dear"]).await,
        "subscription dear removed\n"
    );
    assert!(
        shop.bad(&["subscriptions", "remove", "dear"])
            .await
            .contains("there is no subscription dear")
    );
    assert!(
        shop.bad(&["subscriptions", "read", "dear"])
            .await
            .contains("there is no subscription dear")
    );
}

#[tokio::test]
async fn a_subscription_is_followed() {
    let shop = Shop::unattended().await;
    shop.good(&["subscriptions", "add", "all"]).await;
    let mut following = shop
        .command(&["subscriptions", "read", "all", "--follow", "--limit", "2"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    for sku in ["assam", "sencha"] {
        tell(&shop, sku, 250).await;
        let line = tokio::time::timeout(std::time::Duration::from_secs(20), lines.next_line()).await;
        assert_eq!(skus(&line.unwrap().unwrap().unwrap()), [sku]);
    }
    assert!(following.wait().await.unwrap().success());
}

#[tokio::test]
async fn what_is_no_condition_filter_or_name_is_refused_in_one_line() {
    let shop = Shop::unattended().await;
    let add = async |condition: &str| {
        shop.bad(&["subscriptions", "add", "s", "--where", condition])
            .await
    };
    let said = add("state = 'confirmed' AND").await;
    assert!(
        said.contains("the condition can't be read: line 1, column "),
        "{said}"
    );
    let said = add("colour = 'red'").await;
    assert!(said.contains("no event has the property colour"), "{said}");
    for wrong in [
        ["subscriptions", "add", "s", "--filter", "orders.>"],
        ["subscriptions", "add", "S", "--filter", "events.>"],
    ] {
        let said = shop.run(&wrong).await;
        assert!(!said.ok && said.error.contains("invalid value"), "{said:?}");
    }
    assert_eq!(shop.good(&["subscriptions", "list"]).await, "no subscriptions\n");
}
