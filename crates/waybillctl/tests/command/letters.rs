//! Dead letters.

use bytes::Bytes;
use chassis::clock;
use devstack::testing::eventually;
use domain::Actor;
use messaging::{Envelope, Message};
use serde_json::Value;

use crate::shop::Shop;

/// A command on `assam` that no processor reads.
async fn poison(shop: &Shop, id: &str) {
    let envelope = Envelope {
        id: id.into(),
        kind: "catalog.stock.v1".into(),
        source: "test".into(),
        time: clock::now(),
        actor: Actor::Staff("eve".into()),
        correlation_id: None,
        traceparent: None,
        expires_at: None,
    };
    let body = Bytes::from_static(b"{\"secret\": \"canary\"");
    let message = Message {
        subject: "catalog.stock.assam".into(),
        envelope,
        body,
    };
    shop.messaging().await.publish(&message).await.unwrap();
}

async fn numbers(shop: &Shop, count: usize) -> Vec<String> {
    eventually("the dead letters", async || {
        let list = shop.json(&["dead-letters", "list"]).await;
        let numbers = list
            .as_array()
            .unwrap()
            .iter()
            .map(|letter| letter["sequence"].to_string());
        Some(numbers.collect::<Vec<_>>()).filter(|numbers| numbers.len() == count)
    })
    .await
}

#[tokio::test]
async fn letters_are_listed_without_and_shown_with_their_bodies() {
    let shop = Shop::open().await;
    assert_eq!(shop.good(&["dead-letters", "list"]).await, "no dead letters\n");
    poison(&shop, "a").await;
    let number = numbers(&shop, 1).await.remove(0);
    let list = shop.good(&["dead-letters", "list"]).await;
    assert!(
        list.contains("undecodable") && list.contains("catalog.stock.assam"),
        "{list}"
    );
    assert!(!list.contains("canary"), "{list}");
    let shown = shop.good(&["dead-letters", "show", &number]).await;
    assert!(shown.contains("canary") && shown.contains("staff:eve"), "{shown}");
    let shown: Value = shop.json(&["dead-letters", "show", &number]).await;
    assert_eq!(shown["body"], "{\"secret\": \"canary\"");
}

#[tokio::test]
async fn letters_are_replayed_and_discarded_by_number_or_reason() {
    let shop = Shop::open().await;
    for id in ["a", "b", "c"] {
        poison(&shop, id).await;
    }
    let first = numbers(&shop, 3).await.remove(0);
    // The cause is not mended: it comes back as a new letter.
    assert_eq!(
        shop.good(&["dead-letters", "replay", &first]).await,
        "1 dead letter replayed\n"
    );
    assert!(!numbers(&shop, 3).await.contains(&first));
    assert!(
        shop.bad(&["dead-letters", "discard", &first])
            .await
            .contains("there is no dead letter")
    );

    let none = shop
        .good(&["dead-letters", "discard", "--all", "--reason", "expired"])
        .await;
    assert_eq!(none, "0 dead letters discarded\n");
    let all = shop
        .json(&["dead-letters", "discard", "--all", "--reason", "undecodable"])
        .await;
    assert_eq!(all["discarded"].as_array().unwrap().len(), 3);
    assert_eq!(shop.good(&["dead-letters", "list"]).await, "no dead letters\n");
    assert!(!shop.run(&["dead-letters", "discard"]).await.ok);
}
