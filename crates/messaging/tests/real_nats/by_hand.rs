use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{FromConsumer, pull};
use devstack::testing::eventually;
use messaging::DeadLetters;
use messaging::topology::{apply, processor_consumer};

use crate::support::{Counts, Recorder, Running, Server, cancel, order, stock};

async fn config(server: &Server, stream: &str, consumer: &str) -> pull::Config {
    let stream = server.raw.get_stream(stream).await.unwrap();
    let info = stream.consumer_info(consumer).await.unwrap();
    pull::Config::try_from_consumer_config(info.config).unwrap()
}

async fn change(server: &Server, stream: &str, config: pull::Config) {
    let stream = server.raw.get_stream(stream).await.unwrap();
    stream.update_consumer(config).await.unwrap();
}

#[tokio::test]
async fn a_consumer_changed_by_hand_is_told_and_not_pulled_from_until_it_is_mended() {
    let server = Server::start().await;
    let recorder = Recorder::done();
    let running = Running::start(server.worker("CATALOG", "catalog", &Counts::default()), &recorder);
    server.publish(&stock("green-tea", "1")).await;
    recorder.until(1).await;
    let meant = config(&server, "CATALOG", "catalog").await;
    let limited = pull::Config {
        max_deliver: 3,
        ..meant.clone()
    };
    change(&server, "CATALOG", limited).await;
    let trouble = eventually("trouble", async || running.trouble()).await;
    assert!(
        trouble.contains("max_deliver is 3, not -1") && trouble.contains("apply the topology"),
        "{trouble}"
    );
    server.publish(&stock("green-tea", "2")).await;
    change(&server, "CATALOG", meant).await;
    assert_eq!(recorder.until(2).await[1], stock("green-tea", "2").envelope.id);
    assert_eq!(running.trouble(), None);
    running.drain().await;
}

#[tokio::test]
async fn a_worker_begun_with_a_changed_consumer_waits_for_the_topology() {
    let server = Server::start().await;
    let consumer = processor_consumer(order("a").partition());
    server
        .raw
        .delete_consumer_from_stream(&consumer, "ORDERS")
        .await
        .unwrap();
    let unpinned = pull::Config {
        durable_name: Some(consumer.clone()),
        filter_subject: format!("orders.{}.>", order("a").partition()),
        ..pull::Config::default()
    };
    server
        .raw
        .create_consumer_on_stream(unpinned, "ORDERS")
        .await
        .unwrap();
    server.publish(&cancel(order("a"), "1")).await;
    let recorder = Recorder::done();
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &recorder);
    let trouble = eventually("trouble", async || running.trouble()).await;
    assert!(trouble.contains("priority_policy"), "{trouble}");
    assert!(
        apply(&server.messaging).await.is_err(),
        "the topology never changes one silently"
    );
    server
        .raw
        .delete_consumer_from_stream(&consumer, "ORDERS")
        .await
        .unwrap();
    apply(&server.messaging).await.unwrap();
    recorder.until(1).await;
    running.drain().await;
}

#[tokio::test]
async fn a_message_without_an_id_is_a_dead_letter_that_says_so() {
    let server = Server::start().await;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-type", "order.cancel.v1"),
        ("Nats-Msg-Id", "a"),
    ] {
        headers.insert(name, value);
    }
    let subject = cancel(order("a"), "1").subject;
    server
        .raw
        .publish_with_headers(subject, headers, "{}".into())
        .await
        .unwrap()
        .await
        .unwrap();
    let recorder = Recorder::done();
    let consumer = processor_consumer(order("a").partition());
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &recorder);
    server.emptied("ORDERS").await;
    running.drain().await;
    let letters = DeadLetters::new(server.messaging.clone())
        .list(1, 10)
        .await
        .unwrap();
    let said: Vec<_> = letters
        .iter()
        .map(|letter| (letter.reason.as_str(), letter.error.as_str()))
        .collect();
    assert_eq!(said, [("undecodable", "the header `ce-id` is missing")]);
    assert_eq!(recorder.ids(), [""; 0]);
}
