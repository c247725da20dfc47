use std::collections::HashSet;

use devstack::testing::eventually;
use messaging::together::{MOST_TOGETHER, TogetherError};
use messaging::{Message, PublishError, commands};

use crate::support::{Server, cancel, order, stock, submission};

fn batch(keys: std::ops::Range<usize>) -> Vec<Message> {
    let message = |key: usize| cancel(order(&format!("k{key}")), "1");
    keys.map(message).collect()
}

async fn limit(server: &Server, messages: i64) {
    let mut orders = server
        .raw
        .get_stream("ORDERS")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    orders.max_messages = messages;
    server.raw.update_stream(orders).await.unwrap();
}

#[tokio::test]
async fn a_batch_is_stored_as_a_whole_and_again_is_a_duplicate() {
    let server = Server::start().await;
    let stored = server.messaging.publish_together(&batch(0..5)).await.unwrap();
    assert_eq!(
        (stored.stream.as_str(), stored.sequence, stored.duplicate),
        ("ORDERS", 5, false)
    );
    let again = server.messaging.publish_together(&batch(0..5)).await.unwrap();
    assert_eq!((again.sequence, again.duplicate), (5, true));
    assert_eq!(server.count("ORDERS").await, 5);
    let one = server.messaging.publish_together(&batch(5..6)).await.unwrap();
    assert_eq!((one.sequence, one.duplicate), (6, false));
}

#[tokio::test]
async fn a_batch_with_an_id_that_was_stored_before_stores_nothing() {
    let server = Server::start().await;
    server.publish(&batch(2..3)[0]).await;
    let refused = server.messaging.publish_together(&batch(0..4)).await;
    let ids = vec![batch(2..3)[0].envelope.id.clone()];
    assert_eq!(refused, Err(TogetherError::Repeated { ids }));
    assert_eq!(server.count("ORDERS").await, 1);
}

#[tokio::test]
async fn a_batch_with_two_messages_of_one_id_or_of_no_or_too_many_is_refused() {
    let server = Server::start().await;
    let twice: Vec<_> = batch(0..3).into_iter().chain(batch(1..2)).collect();
    let id = batch(1..2)[0].envelope.id.clone();
    assert_eq!(
        server.messaging.publish_together(&twice).await,
        Err(TogetherError::Twice { id })
    );
    for messages in [0, MOST_TOGETHER + 1] {
        let refused = server.messaging.publish_together(&batch(0..messages)).await;
        assert_eq!(refused, Err(TogetherError::Size { messages }));
    }
    assert_eq!(server.count("ORDERS").await, 0);
}

#[tokio::test]
async fn a_full_stream_stores_nothing_of_a_batch_until_there_is_room() {
    let server = Server::start().await;
    limit(&server, 4).await;
    server.messaging.publish_together(&batch(0..3)).await.unwrap();
    let refused = server.messaging.publish_together(&batch(3..5)).await;
    assert_eq!(refused, Err(PublishError::QueueFull.into()));
    assert_eq!(server.count("ORDERS").await, 3);
    limit(&server, 5).await;
    server.messaging.publish_together(&batch(3..5)).await.unwrap();
}

#[tokio::test]
async fn a_batch_with_one_message_that_is_too_large_or_for_another_stream_stores_nothing() {
    let server = Server::start().await;
    let large = Message {
        body: vec![b' '; 300_000].into(),
        ..batch(1..2).remove(0)
    };
    for wrong in [large, stock("green-tea", "1")] {
        let messages = [batch(0..1).remove(0), wrong, batch(2..3).remove(0)];
        let refused = server.messaging.publish_together(&messages).await;
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused, TogetherError::Publish(PublishError::Refused(_))),
            "{refused}"
        );
    }
    assert_eq!(
        (server.count("ORDERS").await, server.count("CATALOG").await),
        (0, 0)
    );
}

#[tokio::test]
async fn batches_in_flight_when_the_server_is_killed_are_stored_once_and_whole() {
    let mut server = Server::start().await;
    let messaging = server.messaging.clone();
    let publishing = tokio::spawn(async move {
        for number in 0..60 {
            let messages = batch(number * 5..number * 5 + 5);
            messaging.publish_together(&messages).await.unwrap();
        }
    });
    for half in [50, 150] {
        eventually("some batches", async || {
            (server.count("ORDERS").await >= half).then_some(())
        })
        .await;
        server.servers.kill_nats().await;
        server.servers.start_nats().await;
    }
    publishing.await.unwrap();
    assert_eq!(server.count("ORDERS").await, 300);
    let orders = server.raw.get_stream("ORDERS").await.unwrap();
    let mut ids = HashSet::new();
    for sequence in 1..=300 {
        let message = orders.get_raw_message(sequence).await.unwrap();
        ids.insert(message.headers.get("ce-id").unwrap().as_str().to_owned());
    }
    assert_eq!(ids.len(), 300);
}

#[tokio::test]
async fn orders_submitted_together_are_announced_before_they_are_processed() {
    let server = Server::start().await;
    let commands = ["a", "b"].map(submission);
    let messages = commands
        .each_ref()
        .map(|command| commands::order_message(command, "rest-api", None));
    server.messaging.publish_together(&messages).await.unwrap();
    for command in &commands {
        let subject = format!("events.order.submitted.{}", command.order);
        for stream in ["EVENTS", "AUDIT"] {
            let announced = server.last(stream, &subject).await;
            assert_eq!(
                announced.headers.get("ce-id").unwrap().as_str(),
                command.message_id()
            );
        }
    }
}
