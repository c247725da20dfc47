use devstack::testing::eventually;
use domain::{OrderState, Version};
use messaging::{commands, events};

use crate::support::{Server, customer, submission};

#[tokio::test]
async fn a_submission_reaches_the_events_without_its_body_and_the_processors_own_event_is_a_duplicate() {
    let server = Server::start().await;
    let command = submission("a");
    server
        .publish(&commands::order_message(&command, "rest-api", None))
        .await;

    let republished = server
        .last("EVENTS", &format!("events.order.submitted.{}", command.order))
        .await;
    assert!(republished.payload.is_empty());
    let header = |name: &str| republished.headers.get(name).unwrap().as_str().to_owned();
    assert_eq!(header("Nats-Msg-Id"), format!("{}:1", command.order));
    assert_eq!(header("ce-id"), header("Nats-Msg-Id"));

    let delivered = follow_one(&server).await;
    assert_eq!(
        (delivered.order, delivered.version),
        (command.order, Version::FIRST)
    );
    assert_eq!(
        (delivered.state, delivered.customer),
        (OrderState::Submitted, customer())
    );

    let own = events::order_event_message(&delivered, "order-processor");
    assert!(server.messaging.publish(&own).await.unwrap().duplicate);
    assert_eq!(server.count("EVENTS").await, 1);
    assert_eq!(server.last("AUDIT", "events.order.>").await.payload.len(), 0);
}

async fn follow_one(server: &Server) -> domain::OrderEvent {
    use futures_util::StreamExt;
    let mut live = Box::pin(server.messaging.live(std::time::Duration::from_secs(60)));
    loop {
        if let messaging::live::Live::Event(event) = live.next().await.unwrap() {
            return event;
        }
    }
}

#[tokio::test]
async fn the_audit_has_every_event_once_also_after_the_server_was_killed() {
    let mut server = Server::start().await;
    let commands = (0..400).map(|n| submission(&n.to_string()));
    let messages: Vec<_> = commands
        .map(|command| commands::order_message(&command, "rest-api", None))
        .collect();
    let messaging = server.messaging.clone();
    let publishing = tokio::spawn(async move {
        for some in messages.chunks(20) {
            for result in messaging.publish_all(some).await {
                result.unwrap();
            }
        }
    });
    eventually("some to be copied", async || {
        (server.count("AUDIT").await > 50).then_some(())
    })
    .await;
    server.servers.kill_nats().await;
    server.servers.start_nats().await;
    publishing.await.unwrap();
    let copied = eventually("all to be copied", async || {
        let (told, copied) = (server.count("EVENTS").await, server.count("AUDIT").await);
        (told == copied).then_some(copied)
    })
    .await;
    for sequence in 1..=copied {
        let subject = async |stream| server.at(stream, sequence).await.subject;
        assert_eq!(subject("AUDIT").await, subject("EVENTS").await, "{sequence}");
    }
}
