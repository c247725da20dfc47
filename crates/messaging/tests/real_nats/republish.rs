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
