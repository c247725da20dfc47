//! A stream of commands that takes no more.

use devstack::testing::{change_stream, eventually, stored};
use serde_json::json;

use crate::answer::Answer;
use crate::support::{Api, Guest, draft};

/// Lets `ORDERS` have no more than `messages`.
async fn limit(api: &Api, messages: i64) {
    change_stream(&api.servers.nats_url, "ORDERS", &json!({ "max_msgs": messages })).await;
}

#[tokio::test]
async fn while_orders_are_full_every_wish_is_refused_with_when_to_come_again_and_then_taken_alone() {
    let mut api = Api::start().await;
    let (id, token, first) = {
        let guest = Guest::new(&api);
        let first = guest.order("honey-acacia", 1).await;
        (guest.id, guest.token, first)
    };
    limit(&api, 1).await;
    let body = draft(&[("honey-acacia", 2)]);
    {
        let guest = Guest {
            api: &api,
            id,
            token: token.clone(),
        };
        // Again under the same key: nothing was stored, and nobody may be told that something was.
        for _ in 0..2 {
            let refused = guest.send("second", &body).await;
            refused.problem(503, "queue-full");
            assert_eq!(refused.header("retry-after"), "2");
        }
        let wish = guest.cancel(&first, "k").await;
        wish.problem(503, "queue-full");
        assert_eq!(wish.header("retry-after"), "2");
        assert_eq!(guest.get(&first).await.json()["state"], "submitted");
        assert_eq!(
            api.ask_admin("/readyz").await.status,
            200,
            "what was accepted is still read"
        );
    }
    api.start_processor();
    let guest = Guest { api: &api, id, token };
    guest.order_in(&first, "confirmed").await;
    let accepted = eventually("the same request to be accepted", async || {
        Some(guest.send("second", &body).await).filter(|answer| answer.status == 202)
    })
    .await;
    guest.order_in(&accepted.header("location"), "confirmed").await;
    let wish = eventually("the wish to be accepted", async || {
        Some(guest.cancel(&first, "k").await).filter(|answer| answer.status == 202)
    })
    .await;
    assert_eq!(wish.status, 202);
    guest.order_in(&first, "cancelled").await;
    let list = guest.get("/v1/orders").await.json();
    assert_eq!(list["orders"].as_array().unwrap().len(), 2);
    api.close().await;
}

#[tokio::test]
async fn a_full_stream_takes_no_order_and_nothing_of_a_group_until_there_is_room() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    limit(&api, 1).await;
    let one = draft(&[("honey-acacia", 1)]);
    let group = json!({ "orders": [one, one] });
    let full = |answer: &Answer| {
        answer.problem(503, "queue-full");
        assert_ne!(answer.header("retry-after"), "", "{answer:?}");
    };
    full(&guest.post("/v1/order-groups", "group", &group).await);
    api.assert_no_order().await;
    guest.order("honey-acacia", 1).await;
    full(&guest.post("/v1/orders", "order", &one).await);
    full(&guest.post("/v1/order-groups", "group", &group).await);

    limit(&api, 10).await;
    assert_eq!(guest.post("/v1/order-groups", "group", &group).await.status, 202);
    assert_eq!(guest.post("/v1/orders", "order", &one).await.status, 202);
    assert_eq!(stored(&api.servers.nats_url, "ORDERS").await, 4);
    api.close().await;
}
