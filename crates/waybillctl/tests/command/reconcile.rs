//! The store against the streams.

use devstack::testing::eventually;
use domain::{EventId, OrderId, Version};
use serde_json::{Value, json};

use crate::orders::submit;
use crate::shop::Shop;

const ADD: [&str; 11] = [
    "products",
    "add",
    "assam",
    "--name",
    "Assam",
    "--category",
    "tea",
    "--price",
    "2.50",
    "--stock",
    "5",
];

/// Asks the server itself.
async fn jetstream(shop: &Shop, request: &str, body: &Value) -> Value {
    devstack::testing::jetstream(&shop.servers.nats_url, request, body).await
}

async fn decided(shop: &Shop, order: OrderId) {
    eventually("the order to be decided", async || {
        let shown = shop.run(&["orders", "show", &order.to_string()]).await;
        shown.out.contains("confirmed").then_some(())
    })
    .await;
}

/// What a run finds, each as its version and what is wrong; and whether it was content.
async fn reconcile(shop: &Shop, more: &[&str]) -> (Vec<(u64, String)>, u64, bool) {
    let said = shop
        .run(&[&["reconcile", "--output", "json"], more].concat())
        .await;
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    let differences = answer["differences"].as_array().unwrap().iter();
    let differences = differences.map(|one| {
        let what = one["what"].as_str().unwrap().to_owned();
        (one["version"].as_u64().unwrap(), what)
    });
    (differences.collect(), answer["healed"].as_u64().unwrap(), said.ok)
}

/// A shop with an order of two versions. Its processor tells nobody.
async fn untold() -> (Shop, OrderId) {
    let shop = Shop::open().await;
    shop.good(&ADD).await;
    let order = submit(&shop, "one").await;
    decided(&shop, order).await;
    (shop, order)
}

#[tokio::test]
async fn what_was_stored_and_never_told_is_found_and_told_once() {
    let (shop, order) = untold().await;
    let missing = vec![(2, "untold".to_owned())];
    assert_eq!(reconcile(&shop, &[]).await, (missing.clone(), 0, false));
    let table = shop.run(&["reconcile"]).await;
    assert!(table.out.contains("missing in EVENTS and AUDIT"), "{table:?}");
    assert!(table.error.contains("--heal"), "{table:?}");

    assert_eq!(reconcile(&shop, &["--heal"]).await, (missing, 1, true));
    assert_eq!(reconcile(&shop, &[]).await, (vec![], 0, true));
    assert_eq!(shop.good(&["reconcile"]).await, "store and streams agree\n");
    let told = shop.messaging().await.told("AUDIT", |_| true).await.unwrap();
    let version = |version| EventId {
        order,
        version: Version(version),
    };
    assert_eq!(told.events, [version(1), version(2)].into());
}

#[tokio::test]
async fn events_that_were_deleted_or_purged_by_hand_are_told_again_under_their_ids() {
    let (shop, _) = untold().await;
    reconcile(&shop, &["--heal"]).await;
    // The duplicate window still knows its id.
    let deleted = jetstream(&shop, "STREAM.MSG.DELETE.EVENTS", &last(&shop, "EVENTS").await).await;
    assert_eq!(deleted["success"], true, "{deleted}");
    let missing = vec![(2, "missing_in_events".to_owned())];
    assert_eq!(reconcile(&shop, &["--heal"]).await, (missing, 1, true));
    assert_eq!(reconcile(&shop, &[]).await, (vec![], 0, true));

    let purged = jetstream(&shop, "STREAM.PURGE.EVENTS", &json!({})).await;
    assert_eq!(purged["success"], true, "{purged}");
    let deleted = jetstream(&shop, "STREAM.DELETE.AUDIT", &json!({})).await;
    assert_eq!(deleted["success"], true, "{deleted}");
    shop.good(&["topology", "apply"]).await;
    let (found, healed, content) = reconcile(&shop, &["--heal"]).await;
    assert_eq!(found, [(1, "untold".to_owned()), (2, "untold".to_owned())]);
    assert_eq!((healed, content), (2, true));
    assert_eq!(reconcile(&shop, &[]).await, (vec![], 0, true));
}

/// The newest message of a stream.
async fn last(shop: &Shop, stream: &str) -> Value {
    let info = jetstream(shop, &format!("STREAM.INFO.{stream}"), &json!({})).await;
    json!({ "seq": info["state"]["last_seq"] })
}

#[tokio::test]
async fn an_order_that_was_accepted_and_is_nowhere_is_lost_and_one_that_waits_is_not() {
    let shop = Shop::unattended().await;
    submit(&shop, "one").await;
    assert_eq!(reconcile(&shop, &[]).await, (vec![], 0, true));
    jetstream(&shop, "STREAM.PURGE.ORDERS", &json!({})).await;
    let lost = vec![(1, "lost".to_owned())];
    assert_eq!(reconcile(&shop, &["--heal"]).await, (lost, 0, false));
}

#[tokio::test]
async fn a_shop_is_compared_piece_by_piece_with_the_same_result() {
    let shop = Shop::open().await;
    shop.good(&ADD).await;
    shop.good(&["products", "stock", "assam", "10"]).await;
    for key in ["one", "two", "three"] {
        let order = submit(&shop, key).await;
        decided(&shop, order).await;
    }
    let whole = reconcile(&shop, &[]).await;
    assert_eq!(whole.0, vec![(2, "untold".to_owned()); 3]);
    for at_once in ["1", "2", "3"] {
        assert_eq!(
            reconcile(&shop, &["--orders-at-once", at_once]).await,
            whole,
            "{at_once}"
        );
    }
    let healed = reconcile(&shop, &["--heal", "--orders-at-once", "2"]).await;
    assert_eq!(healed, (whole.0, 3, true));
    assert_eq!(
        reconcile(&shop, &["--orders-at-once", "2"]).await,
        (vec![], 0, true)
    );
}

#[tokio::test]
async fn what_happened_to_products_is_compared_and_told_again() {
    let shop = Shop::open().await;
    shop.good(&ADD).await;
    shop.good(&["products", "price", "assam", "3.00"]).await;
    let products = async |more: &[&str]| {
        let said = shop
            .run(&[&["reconcile", "--output", "json"], more].concat())
            .await;
        let answer: Value = serde_json::from_str(&said.out).unwrap();
        let found = answer["product_differences"].as_array().unwrap().iter();
        let found = found.map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            (text("sku"), one["version"].as_u64().unwrap(), text("what"))
        });
        (
            found.collect::<Vec<_>>(),
            answer["products_healed"].clone(),
            said.ok,
        )
    };
    let difference = |version, what: &str| ("assam".to_owned(), version, what.to_owned());
    let missing = vec![difference(1, "untold"), difference(2, "untold")];
    assert_eq!(products(&[]).await, (missing.clone(), 0.into(), false));
    let table = shop.run(&["reconcile"]).await;
    assert!(
        table.out.starts_with("PRODUCT") && table.out.contains("price-changed"),
        "{table:?}"
    );
    assert_eq!(products(&["--heal"]).await, (missing, 2.into(), true));
    assert_eq!(shop.good(&["reconcile"]).await, "store and streams agree\n");

    let deleted = jetstream(&shop, "STREAM.MSG.DELETE.EVENTS", &last(&shop, "EVENTS").await).await;
    assert_eq!(deleted["success"], true, "{deleted}");
    let missing = vec![difference(2, "missing_in_events")];
    assert_eq!(products(&["--heal"]).await, (missing, 1.into(), true));
    assert_eq!(shop.good(&["reconcile"]).await, "store and streams agree\n");
}
