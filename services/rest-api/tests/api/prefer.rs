//! Waiting for an order to be settled.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::answer::Answer;
use crate::support::{Api, Guest, draft};

async fn submit(guest: &Guest<'_>, key: &str, prefer: &str) -> Answer {
    let request = guest.request(Method::POST, "/v1/orders");
    let request = request.header("idempotency-key", key).header("prefer", prefer);
    Answer::of(request.json(&draft(&[("honey-acacia", 1)]))).await
}

#[tokio::test]
async fn who_waits_is_answered_with_the_settled_order() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let answer = submit(&guest, "k", "wait=10").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("preference-applied"), "wait=10");
    assert_eq!(answer.json()["state"], "confirmed");
    assert_eq!(answer.header("etag"), "\"2\"");
    let read = guest.get(&answer.header("location")).await;
    assert_eq!(read.json(), answer.json());
    let again = submit(&guest, "k", "wait=10").await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed").as_str()),
        (201, "true")
    );
    assert_eq!(again.json(), answer.json());
    api.close().await;
}

#[tokio::test]
async fn who_waited_in_vain_is_answered_as_others_are() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let began = Instant::now();
    let answer = submit(&guest, "k", "wait=1").await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(
        (answer.status, answer.header("preference-applied").as_str()),
        (202, "wait=1")
    );
    assert_eq!(answer.json()["state"], "submitted");
    let other = submit(&guest, "other", "respond-async").await;
    assert_eq!(
        (other.status, other.header("preference-applied").as_str()),
        (202, "")
    );
    let stopping = async {
        devstack::testing::eventually("the order to be taken", async || {
            let queues = api.messaging.queues().await.ok()?;
            let orders = queues.iter().filter(|queue| queue.stream == "ORDERS");
            (orders.map(|queue| queue.pending + queue.in_hand).sum::<u64>() == 3).then_some(())
        })
        .await;
        api.stop();
    };
    let (answer, ()) = tokio::join!(submit(&guest, "stop", "wait=10"), stopping);
    assert_eq!(answer.status, 202, "nobody waits for a service that stops");
    assert!(began.elapsed() < Duration::from_secs(10));
    api.close().await;
}
