//! Wishes that name the version they were made for.

use devstack::testing::eventually;
use domain::commands::Cancel;
use domain::{CommandId, OrderAction, OrderCommand, OrderId, Version};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::support::{Api, Guest};

impl Guest<'_> {
    /// Asks to call off the order at `order`, whatever version it has.
    pub(crate) async fn cancel(&self, order: &str, key: &str) -> Answer {
        self.cancel_seen(order, key, "*").await
    }

    /// Asks to call off the order at `order` as it was under `tag`.
    pub(crate) async fn cancel_seen(&self, order: &str, key: &str, tag: &str) -> Answer {
        let request = self
            .request(Method::POST, &format!("{order}/cancellation"))
            .header("idempotency-key", key)
            .header("if-match", tag);
        Answer::of(request).await
    }
}

/// The order at `path` once it has got that far.
async fn at_version(guest: &Guest<'_>, path: &str, version: u64) -> Value {
    eventually("the version", async || {
        Some(guest.get(path).await.json()).filter(|order| order["version"] == version)
    })
    .await
}

#[tokio::test]
async fn a_wish_for_a_version_that_is_gone_is_refused_at_once() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    guest.order_in(&path, "confirmed").await;
    let blind = guest
        .request(Method::POST, &format!("{path}/cancellation"))
        .header("idempotency-key", "k");
    assert_eq!(
        Answer::of(blind).await.problem(428, "precondition-required"),
        json!({ "type": "/problems/precondition-required", "title": "The request needs If-Match", "status": 428 })
    );
    for stale in [
        "\"1\"",
        "\"1-held\"",
        "\"0\"",
        "W/\"2\"",
        "\"x\"",
        "\"2\", \"3\"",
        "\u{e4}",
        "",
    ] {
        let refused = guest.cancel_seen(&path, "k", stale).await;
        refused.problem(412, "precondition-failed");
    }
    api.wait_handled().await;
    let order = guest.get(&path).await;
    assert_eq!(
        (order.json()["version"].as_u64(), order.header("etag")),
        (Some(2), "\"2\"".to_owned())
    );
    let tag = order.header("etag");
    assert_eq!(guest.cancel_seen(&path, "k", &tag).await.status, 202);
    guest.order_in(&path, "cancelled").await;
    api.close().await;
}

#[tokio::test]
async fn where_the_order_moves_on_before_the_wish_is_handled_the_processor_refuses_it() {
    let mut api = Api::start().await;
    let guest = Guest::new(&api);
    // Nothing is decided yet, and so the wish can't be refused at once.
    let path = guest.order("honey-acacia", 1).await;
    let wish = guest.cancel_seen(&path, "k", "\"1\"").await;
    assert_eq!((wish.status, wish.header("etag")), (202, "\"1\"".to_owned()));
    let (id, token) = (guest.id, guest.token.clone());
    api.start_processor();
    let guest = Guest { api: &api, id, token };
    let order = at_version(&guest, &path, 3).await;
    assert_eq!(
        (&order["state"], &order["version"]),
        (&json!("confirmed"), &json!(3))
    );
    let refusal = &order["history"][2];
    assert_eq!(
        (&refusal["refused"], &refusal["reason"]["code"], &refusal["by"]),
        (&json!("cancel"), &json!("stale_version"), &json!("customer"))
    );
    let events = guest
        .request(Method::GET, &format!("{path}/events"))
        .header("accept", "application/json");
    assert_eq!(&Answer::of(events).await.json()["events"][2], refusal);

    // A retry is answered with what became of it; a new wish is for what is there now.
    let again = guest.cancel_seen(&path, "k", "\"1\"").await;
    assert_eq!((again.status, again.header("etag")), (202, "\"3\"".to_owned()));
    guest
        .cancel_seen(&path, "other", "\"1\"")
        .await
        .problem(412, "precondition-failed");
    assert_eq!(guest.cancel_seen(&path, "other", "\"3\"").await.status, 202);
    guest.order_in(&path, "cancelled").await;
    api.close().await;
}

#[tokio::test]
async fn a_version_that_is_not_known_here_is_the_processors_to_judge() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    guest.order_in(&path, "confirmed").await;
    let wish = guest.cancel_seen(&path, "k", "\"9\"").await;
    assert_eq!(wish.status, 202, "it may be true, as far as is known here");
    let order = at_version(&guest, &path, 3).await;
    assert_eq!(
        (&order["state"], &order["version"]),
        (&json!("confirmed"), &json!(3))
    );

    // Moved on by someone else, of which this API is told by an event only.
    let id: OrderId = path.rsplit('/').next().unwrap().parse().unwrap();
    let other = OrderCommand {
        id: CommandId::derive(id, &"other".parse().unwrap()),
        order: id,
        actor: domain::Actor::Staff("ines".into()),
        at: chassis::clock::now(),
        action: OrderAction::Cancel(Cancel {
            version: Some(Version(3)),
        }),
    };
    let message = messaging::commands::order_message(&other, "test", None);
    api.messaging.publish(&message).await.unwrap();
    guest.order_in(&path, "cancelled").await;
    let late = guest.cancel_seen(&path, "mine", "\"3\"").await;
    late.problem(412, "precondition-failed");
    api.close().await;
}
