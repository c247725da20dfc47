//! Several orders of one request: all of them or none.

use devstack::testing::{eventually, stored};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::support::{Api, Guest, draft};

const GROUPS: &str = "/v1/order-groups";

fn group(orders: &[(&str, i64)]) -> Value {
    let orders: Vec<_> = orders.iter().map(|order| draft(&[*order])).collect();
    json!({ "orders": orders })
}

/// The addresses of the orders.
fn addresses(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 202, "{answer:?}");
    let body = answer.json();
    let orders = body["orders"].as_array().unwrap().iter();
    orders
        .map(|order| order["links"]["self"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_group_is_accepted_as_one_and_its_orders_go_their_own_ways() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let body = group(&[("honey-acacia", 2), ("no-such-thing", 1), ("week-planner", 1)]);
    let made = guest.post(GROUPS, "key-1", &body).await;
    let orders = addresses(&made);
    assert_eq!(orders.len(), 3);
    assert_eq!(made.json()["orders"][0]["lines"][0]["sku"], "honey-acacia");
    for (order, state) in orders.iter().zip(["confirmed", "rejected", "confirmed"]) {
        guest.order_in(order, state).await;
    }
    let again = guest.post(GROUPS, "key-1", &body).await;
    assert_eq!((again.status, &again.text), (202, &made.text));
    assert_eq!(again.header("idempotent-replayed"), "true");
    let single = guest.send("key-1", &draft(&[("honey-acacia", 1)])).await;
    assert_eq!(single.status, 202, "a single order is another request's");
    assert!(!orders.contains(&single.header("location")));
    for other in [
        group(&[("honey-acacia", 2), ("no-such-thing", 1)]),
        group(&[("honey-acacia", 2), ("week-planner", 1), ("no-such-thing", 1)]),
    ] {
        let refused = guest.post(GROUPS, "key-1", &other).await;
        refused.problem(422, "idempotency-key-reused");
    }
    guest.order_in(&single.header("location"), "confirmed").await;
    assert_eq!(api.get("/v1/products/honey-acacia").await.json()["available"], 87);
    api.close().await;
}

#[tokio::test]
async fn the_same_group_many_times_at_once_is_one_also_without_redis() {
    let mut api = Api::start().await;
    for redis in ["here", "away"] {
        if redis == "away" {
            api.servers.kill_redis().await;
        }
        let guest = Guest::new(&api);
        let body = group(&[("honey-acacia", 1), ("week-planner", 1)]);
        let answers = join_all((0..8).map(|_| guest.post(GROUPS, "key-1", &body))).await;
        for answer in &answers {
            assert_eq!((answer.status, &answer.text), (202, &answers[0].text), "{redis}");
        }
        for order in addresses(&answers[0]) {
            assert_eq!(guest.get(&order).await.json()["state"], "submitted", "{redis}");
        }
        let smaller = group(&[("honey-acacia", 1), ("week-planner", 2)]);
        let refused = guest.post(GROUPS, "key-1", &smaller).await;
        refused.problem(422, "idempotency-key-reused");
    }
    assert_eq!(stored(&api.servers.nats_url, "ORDERS").await, 4);
    api.close().await;
}

#[tokio::test]
async fn a_group_with_anything_wrong_stores_nothing() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let many: Vec<_> = (0..11).map(|_| ("honey-acacia", 1)).collect();
    for count in [0, 1, 11] {
        let refused = guest.post(GROUPS, "key-1", &group(&many[..count])).await;
        assert_eq!(refused.fields(), ["/orders: must have 2 to 10 orders"]);
    }
    let wrong = group(&[("honey-acacia", 1), ("honey-acacia", 0)]);
    assert_eq!(
        guest.post(GROUPS, "key-1", &wrong).await.fields(),
        ["/orders/1/lines/0/quantity: must be a number from 1 to 999"]
    );
    let mut unknown = group(&many[..2]);
    unknown["discount"] = 1.into();
    assert_eq!(guest.post(GROUPS, "key-1", &unknown).await.fields().len(), 1);
    api.assert_no_order().await;
    api.close().await;
}

#[tokio::test]
async fn without_nats_nothing_of_a_group_is_stored_and_a_retry_makes_it_good() {
    let mut api = Api::start_with(&["--nats-timeout=1s"]).await;
    let body = group(&[("honey-acacia", 1), ("week-planner", 1)]);
    api.servers.kill_nats().await;
    {
        let guest = Guest::new(&api);
        let refused = guest.post(GROUPS, "key-1", &body).await;
        refused.problem(503, "unavailable");
        assert_ne!(refused.header("retry-after"), "");
    }
    api.servers.start_nats().await;
    let guest = Guest::new(&api);
    eventually("NATS", async || api.messaging.queues().await.ok()).await;
    api.assert_no_order().await;
    let made = eventually("the group", async || {
        let answer = guest.post(GROUPS, "key-1", &body).await;
        (answer.status == 202).then_some(answer)
    })
    .await;
    assert_eq!(addresses(&made).len(), 2);
    let again = guest.post(GROUPS, "key-1", &body).await;
    assert_eq!(again.text, made.text);
    api.close().await;
}
