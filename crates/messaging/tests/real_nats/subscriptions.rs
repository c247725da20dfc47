use std::time::Duration;

use devstack::testing::eventually;
use domain::{Money, OrderEvent, OrderState, Version};
use messaging::subscriptions::{Filter, Received, SubscriptionError, SubscriptionName, Subscriptions};
use messaging::topology::apply;
use messaging::{Message, commands, events};

use crate::support::{Server, customer, now, order, submission};

fn name(text: &str) -> SubscriptionName {
    text.parse().unwrap()
}

fn filter(text: &str) -> Filter {
    text.parse().unwrap()
}

/// An order of `minor` cents that reached `state`.
fn event(key: &str, state: OrderState, minor: i64) -> Message {
    let event = OrderEvent {
        order: order(key),
        version: Version(2),
        state,
        customer: customer(),
        by: domain::Actor::System("order-processor".into()),
        at: now(),
        total: Some(Money {
            minor,
            currency: "EUR".parse().unwrap(),
        }),
        reason: None,
        refused: None,
        erased: false,
    };
    events::order_event_message(&event, "order-processor")
}

fn ids(received: &[Received]) -> Vec<String> {
    received
        .iter()
        .map(|received| received.event.envelope.id.clone())
        .collect()
}

const SOME_TIME: Duration = Duration::from_secs(20);

#[tokio::test]
async fn each_subscription_gets_the_events_its_filter_and_condition_fit() {
    let server = Server::start().await;
    let subscriptions = Subscriptions::new(server.messaging.clone());
    server
        .publish(&event("before", OrderState::Confirmed, 9_000))
        .await;
    let large = "state = 'confirmed' AND total.minor >= 5000 AND total.currency = 'EUR'";
    assert!(
        subscriptions
            .add(&name("large"), &filter("events.order.>"), Some(large))
            .await
            .unwrap()
    );
    assert!(
        subscriptions
            .add(&name("all"), &filter("events.order.*.*"), None)
            .await
            .unwrap()
    );
    let published = [
        event("a", OrderState::Confirmed, 4_999),
        event("b", OrderState::Confirmed, 5_000),
        event("c", OrderState::Rejected, 7_000),
        event("d", OrderState::Confirmed, 7_000),
    ];
    for message in &published {
        server.publish(message).await;
    }
    let published: Vec<_> = published.into_iter().map(|message| message.envelope.id).collect();
    let mut reader = subscriptions.read(&name("large")).await.unwrap();
    let fitting = reader.receive(10, SOME_TIME).await.unwrap();
    assert_eq!(ids(&fitting), [published[1].clone(), published[3].clone()]);
    for received in fitting {
        received.done().await.unwrap();
    }
    // What did not fit is settled as well.
    eventually("nothing left", async || {
        let list = subscriptions.list().await.unwrap();
        let large = list.iter().find(|one| one.name == "large").unwrap();
        ((large.pending, large.in_hand) == (0, 0)).then_some(())
    })
    .await;
    assert_eq!(ids(&reader.receive(10, Duration::ZERO).await.unwrap()), [""; 0]);
    let mut all = subscriptions.read(&name("all")).await.unwrap();
    assert_eq!(ids(&all.receive(3, SOME_TIME).await.unwrap()), published[..3]);
}

#[tokio::test]
async fn what_a_reader_forgets_comes_again_also_after_the_server_was_killed() {
    let mut server = Server::start().await;
    let subscriptions = Subscriptions::new(server.messaging.clone());
    subscriptions
        .add(&name("s"), &filter("events.>"), Some("state <> 'held'"))
        .await
        .unwrap();
    let message = event("a", OrderState::Confirmed, 1);
    server.publish(&message).await;
    let mut reader = subscriptions.read(&name("s")).await.unwrap();
    let forgotten = reader.receive(1, SOME_TIME).await.unwrap();
    assert_eq!(ids(&forgotten), std::slice::from_ref(&message.envelope.id));
    drop(forgotten);
    let again = reader.receive(1, SOME_TIME).await.unwrap().remove(0);
    assert_eq!(again.event.envelope.id, message.envelope.id);
    again.done().await.unwrap();
    server.servers.kill_nats().await;
    server.servers.start_nats().await;
    let next = event("b", OrderState::Confirmed, 1);
    server.publish(&next).await;
    // A server on its own may have forgotten an acknowledgement: what was done comes before.
    let mut come = Vec::new();
    while come.last() != Some(&next.envelope.id) {
        let received = reader.receive(1, SOME_TIME).await.unwrap().remove(0);
        come.push(received.event.envelope.id.clone());
        received.done().await.unwrap();
    }
    assert!(
        come.len() <= 2
            && come
                .iter()
                .all(|id| [&message.envelope.id, &next.envelope.id].contains(&id))
    );
}

#[tokio::test]
async fn an_announced_submission_has_the_properties_of_its_order() {
    let server = Server::start().await;
    let subscriptions = Subscriptions::new(server.messaging.clone());
    let condition = "state = 'submitted' AND version = 1 AND customer LIKE 'guest:%' AND type = 'order.submit.v1' AND verb = 'submitted' AND key = \"order\" AND total IS NULL";
    subscriptions
        .add(&name("s"), &filter("events.order.submitted.*"), Some(condition))
        .await
        .unwrap();
    let command = submission("a");
    server
        .publish(&commands::order_message(&command, "rest-api", Some("r-1")))
        .await;
    let mut reader = subscriptions.read(&name("s")).await.unwrap();
    let received = reader.receive(1, SOME_TIME).await.unwrap().remove(0);
    assert_eq!(received.event.properties()["correlation_id"], "r-1");
    assert_eq!(received.event.to_json()["data"]["state"], "submitted");
}

#[tokio::test]
async fn a_condition_that_can_not_be_is_refused_with_its_place() {
    let server = Server::start().await;
    let subscriptions = Subscriptions::new(server.messaging.clone());
    let add = async |condition: &str| {
        let refused = subscriptions
            .add(&name("s"), &filter("events.>"), Some(condition))
            .await;
        refused.unwrap_err().to_string()
    };
    let said = add("state = 'confirmed' AND").await;
    assert!(said.contains("line 1, column "), "{said}");
    let said = add("state = 'confirmed' AND colour = 'red'").await;
    assert!(said.contains("no event has the property colour"), "{said}");
    assert_eq!(subscriptions.list().await.unwrap(), []);
}

#[tokio::test]
async fn subscriptions_are_listed_kept_by_the_topology_and_removed() {
    let server = Server::start().await;
    let subscriptions = Subscriptions::new(server.messaging.clone());
    let some = Some("STATE='confirmed'");
    assert!(
        subscriptions
            .add(&name("b"), &filter("events.order.>"), some)
            .await
            .unwrap()
    );
    assert!(
        subscriptions
            .add(&name("a"), &filter("events.>"), None)
            .await
            .unwrap()
    );
    assert!(
        !subscriptions
            .add(&name("b"), &filter("events.order.>"), some)
            .await
            .unwrap()
    );
    let other = subscriptions.add(&name("b"), &filter("events.>"), some).await;
    assert_eq!(other, Err(SubscriptionError::Taken { name: "b".into() }));

    let applied = apply(&server.messaging).await.unwrap();
    assert!(applied.iter().all(|one| one.change == "unchanged"), "{applied:?}");
    server.publish(&event("a", OrderState::Confirmed, 1)).await;
    let list = eventually("the event to be seen", async || {
        let list = subscriptions.list().await.unwrap();
        list.iter().all(|one| one.pending == 1).then_some(list)
    })
    .await;
    let shown: Vec<_> = list
        .iter()
        .map(|one| (one.name.as_str(), one.condition.as_deref()))
        .collect();
    assert_eq!(shown, [("a", None), ("b", Some("state = 'confirmed'"))]);
    let queues = server.messaging.queues().await.unwrap();
    let queue = queues
        .iter()
        .find(|queue| queue.consumer.as_deref() == Some("subscription-b"))
        .unwrap();
    assert_eq!((queue.stream.as_str(), queue.pending), ("EVENTS", 1));
    assert!(queue.oldest.is_some());

    let mut reader = subscriptions.read(&name("b")).await.unwrap();
    assert!(subscriptions.remove(&name("b")).await.unwrap());
    assert!(!subscriptions.remove(&name("b")).await.unwrap());
    let gone = reader.receive(1, SOME_TIME).await.unwrap_err();
    assert_eq!(gone, SubscriptionError::Missing { name: "b".into() });
    assert!(subscriptions.read(&name("b")).await.is_err());
}
