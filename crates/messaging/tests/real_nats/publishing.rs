use std::time::Duration;

use devstack::testing::eventually;
use messaging::commands::order_message;
use messaging::{ConnectError, ConnectOptions, Message, Messaging, PublishError};

use crate::support::{Server, cancel, now, order, submission};

#[tokio::test]
async fn a_full_stream_is_told_by_its_own_error() {
    let server = Server::start().await;
    let mut orders = server
        .raw
        .get_stream("ORDERS")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    orders.max_messages = 1;
    server.raw.update_stream(orders).await.unwrap();
    server.publish(&cancel(order("a"), "1")).await;
    assert_eq!(
        server.messaging.publish(&cancel(order("b"), "1")).await,
        Err(PublishError::QueueFull)
    );
    assert_eq!(server.count("ORDERS").await, 1);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_not_unknown() {
    let server = Server::start().await;
    for size in [300_000, 2_000_000] {
        let large = Message {
            body: vec![b' '; size].into(),
            ..cancel(order("a"), "1")
        };
        let refused = server.messaging.publish(&large).await;
        assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn messages_in_flight_when_the_server_is_killed_are_stored_once() {
    let mut server = Server::start().await;
    let messages: Vec<_> = (0..300).map(|key| cancel(order("a"), &key.to_string())).collect();
    let messaging = server.messaging.clone();
    let publishing = {
        let messages = messages.clone();
        tokio::spawn(async move { messaging.publish_all(&messages).await })
    };
    // In the middle of it, or before it, or after: each must be stored once.
    eventually("the first message", async || {
        (server.count("ORDERS").await > 0).then_some(())
    })
    .await;
    server.servers.kill_nats().await;
    server.servers.start_nats().await;
    for result in publishing.await.unwrap() {
        result.unwrap();
    }
    assert_eq!(server.count("ORDERS").await, 300);
}

#[tokio::test]
async fn a_publish_begun_while_the_server_is_down_succeeds_when_it_is_back() {
    let mut server = Server::start().await;
    server.servers.kill_nats().await;
    eventually("the loss of the connection", async || {
        (!server.messaging.is_connected()).then_some(())
    })
    .await;
    let messaging = server.messaging.clone();
    let publishing = tokio::spawn(async move { messaging.publish(&cancel(order("a"), "1")).await });
    server.servers.start_nats().await;
    publishing.await.unwrap().unwrap();
    assert_eq!(server.count("ORDERS").await, 1);
    assert!(server.messaging.is_connected());
}

#[tokio::test]
async fn without_an_answer_the_outcome_is_unknown() {
    let mut server = Server::start().await;
    let messaging = Messaging::connect(ConnectOptions {
        url: server.servers.nats_url.clone().into(),
        seed: None,
        name: "impatient".into(),
        request_timeout: Duration::from_millis(600),
        now,
    });
    let messaging = messaging.await.unwrap();
    server.servers.kill_nats().await;
    let outcome = messaging.publish(&cancel(order("a"), "1")).await;
    assert!(matches!(outcome, Err(PublishError::Unknown(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_submission_is_found_until_it_is_processed() {
    let server = Server::start().await;
    let command = submission("a");
    assert_eq!(
        server.messaging.pending_submission(command.order).await.unwrap(),
        None
    );
    server
        .publish(&order_message(&command, "rest-api", Some("r-1")))
        .await;
    assert_eq!(
        server.messaging.pending_submission(command.order).await.unwrap(),
        Some(command)
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_credentials() {
    let options = ConnectOptions {
        url: "nats://user:secret@127.0.0.1:1".to_owned().into(),
        seed: None,
        name: "test-service".into(),
        request_timeout: Duration::from_secs(1),
        now,
    };
    let error = Messaging::connect(options).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }));
    let text = error.to_string();
    assert!(text.contains("127.0.0.1:1") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn of_two_submissions_of_an_order_the_first_alone_is_stored() {
    let server = Server::start().await;
    let command = submission("a");
    let message = order_message(&command, "rest-api", None);
    let first = server.messaging.publish_first(&message).await.unwrap();
    assert!(!first.duplicate);
    let mut other = message.clone();
    other.envelope.id = "of-another-id".into();
    for later in [message, other] {
        assert_eq!(
            server.messaging.publish_first(&later).await,
            Err(PublishError::Occupied)
        );
    }
    assert_eq!(server.count("ORDERS").await, 1);
    // What the server reads of it is no part of what is told.
    let told = format!("events.order.submitted.{}", command.order);
    assert!(server.last("EVENTS", &told).await.payload.is_empty());
}
