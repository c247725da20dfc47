//! What only the processor can know: accepted first, then seen in the order. And wishes to call an order off.

use devstack::testing::eventually;
use serde_json::json;

use crate::support::{Api, Guest, draft};

#[tokio::test]
async fn what_can_not_be_had_is_accepted_and_then_rejected_with_its_line() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let total = |minor: i64, currency: &str| {
        let mut body = draft(&[("honey-acacia", 1)]);
        body["expected_total"] = json!({ "minor": minor, "currency": currency });
        body
    };
    let cases = [
        (
            draft(&[("honey-acacia", 1), ("no-such-thing", 1)]),
            json!({ "code": "unknown_product", "line": 1 }),
        ),
        (
            draft(&[("honey-acacia", 1), ("week-planner", 1), ("kyusu-red-clay", 19)]),
            json!({ "code": "out_of_stock", "line": 2 }),
        ),
        (total(1, "EUR"), json!({ "code": "price_changed" })),
        (total(890, "USD"), json!({ "code": "price_changed" })),
        (total(i64::MAX, "EUR"), json!({ "code": "price_changed" })),
    ];
    for (number, (body, reason)) in cases.iter().enumerate() {
        let accepted = guest.send(&format!("key-{number}"), body).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let order = guest.order_in(&accepted.header("location"), "rejected").await;
        assert_eq!(&order["reason"], reason);
        assert_eq!(order["version"], 2);
        assert_eq!(&order["history"][1]["reason"], reason);
    }
    assert_eq!(
        api.storage
            .product(&"honey-acacia".parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .available,
        90,
        "nothing of a rejected order is sold"
    );
    let right = guest.send("right", &total(890, "EUR")).await;
    let order = guest.order_in(&right.header("location"), "confirmed").await;
    assert_eq!(order["total"], json!({ "minor": 890, "currency": "EUR" }));
    assert_eq!(
        order["lines"][0],
        json!({
            "sku": "honey-acacia", "quantity": 1, "name": "Acacia Honey",
            "unit_price": { "minor": 890, "currency": "EUR" }, "total": { "minor": 890, "currency": "EUR" },
        })
    );
    api.close().await;
}

#[tokio::test]
async fn an_order_is_called_off_once() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 2).await;
    guest.order_in(&path, "confirmed").await;
    let wish = guest.cancel_seen(&path, "cancel", "\"2\"").await;
    assert_eq!(wish.status, 202, "{wish:?}");
    assert_eq!(
        (wish.header("location"), wish.header("etag")),
        (path.clone(), "\"2\"".to_owned())
    );
    assert_eq!(wish.json()["state"], "confirmed", "as it stood");
    let order = guest.order_in(&path, "cancelled").await;
    assert_eq!(
        (&order["version"], &order["history"][2]["by"]),
        (&json!(3), &json!("customer"))
    );

    // The same request once more, of which the order has moved on.
    let again = guest.cancel_seen(&path, "cancel", "\"2\"").await;
    assert_eq!((again.status, again.header("etag").as_str()), (202, "\"3\""));
    api.wait_handled().await;
    assert_eq!(
        guest.get(&path).await.json()["version"],
        3,
        "a retry is no wish of its own"
    );

    let another = guest.cancel(&path, "another").await;
    assert_eq!(another.status, 202);
    api.wait_handled().await;
    let order = eventually("the refusal in the history", async || {
        Some(guest.get(&path).await.json()).filter(|order| order["version"] == 4)
    })
    .await;
    assert_eq!(
        (&order["state"], &order["history"][3]["reason"]["code"]),
        (&json!("cancelled"), &json!("too_late"))
    );
    assert_eq!(
        api.storage
            .product(&"honey-acacia".parse().unwrap())
            .await
            .unwrap()
            .unwrap()
            .available,
        90
    );
    api.close().await;
}

#[tokio::test]
async fn a_wish_that_comes_too_late_is_seen_in_the_history() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    guest.order_in(&path, "confirmed").await;
    let ship = domain::OrderCommand {
        id: domain::CommandId::derive(id, &"ship".parse().unwrap()),
        order: id,
        actor: domain::Actor::Staff("ines".into()),
        at: chassis::clock::now(),
        action: domain::OrderAction::Ship(domain::commands::Ship {
            tracking: Some("T1".parse().unwrap()),
        }),
    };
    let message = messaging::commands::order_message(&ship, "test", None);
    api.messaging.publish(&message).await.unwrap();
    let shipped = guest.order_in(&path, "shipped").await;
    assert_eq!(
        (&shipped["tracking"], &shipped["history"][2]["by"]),
        (&json!("T1"), &json!("shop"))
    );
    let wish = guest.cancel(&path, "cancel").await;
    assert_eq!(wish.status, 202);
    let order = eventually("the refusal in the history", async || {
        Some(guest.get(&path).await.json()).filter(|order| order["version"] == 4)
    })
    .await;
    assert_eq!(order["state"], "shipped");
    assert_eq!(order["history"][3]["reason"]["code"], "too_late", "{order}");
    assert!(order["history"][3]["refused"].is_string(), "{order}");
    api.close().await;
}

#[tokio::test]
async fn a_wish_takes_no_body_or_an_empty_one() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let path = format!("{}/cancellation", guest.order("honey-acacia", 1).await);
    let refused = guest.post(&path, "k", &json!({ "reason": "too dear" })).await;
    assert_eq!(
        refused.fields(),
        ["/reason: unknown field `reason`, there are no fields"]
    );
    let bare = guest
        .request(reqwest::Method::POST, &path)
        .header("idempotency-key", "k")
        .header("if-match", "\"1\"");
    assert_eq!(crate::answer::Answer::of(bare).await.status, 202);
    api.close().await;
}
