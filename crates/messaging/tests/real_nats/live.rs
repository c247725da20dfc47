use std::pin::Pin;
use std::time::Duration;

use domain::{OrderEvent, OrderState, Version};
use futures_util::{Stream, StreamExt};
use messaging::events;
use messaging::live::Live;

use crate::support::{Server, customer, now, order};

fn event(version: u32) -> OrderEvent {
    OrderEvent {
        order: order("a"),
        version: Version(version),
        state: OrderState::Confirmed,
        customer: customer(),
        by: domain::Actor::System("order-processor".into()),
        at: now(),
        total: None,
        reason: None,
        refused: None,
        erased: false,
    }
}

async fn tell(server: &Server, version: u32) {
    server
        .publish(&events::order_event_message(&event(version), "order-processor"))
        .await;
}

/// What comes until `last` has come: the versions, and what else was said.
async fn until(live: &mut Pin<Box<impl Stream<Item = Live>>>, last: u32) -> (Vec<u32>, Vec<Live>) {
    let (mut versions, mut said) = (Vec::new(), Vec::new());
    while versions.last() != Some(&last) {
        let next = tokio::time::timeout(Duration::from_secs(20), live.next());
        match next.await.unwrap().unwrap() {
            Live::Event(event) => versions.push(event.version.0),
            other => said.push(other),
        }
    }
    (versions, said)
}

#[tokio::test]
async fn it_catches_up_with_the_past_and_then_follows() {
    let server = Server::start().await;
    for version in 1..=3 {
        tell(&server, version).await;
    }
    let mut live = Box::pin(server.messaging.live(Duration::from_secs(60)));
    assert_eq!(until(&mut live, 3).await, (vec![1, 2, 3], vec![]));
    assert_eq!(live.next().await, Some(Live::CaughtUp));
    tell(&server, 4).await;
    assert_eq!(until(&mut live, 4).await, (vec![4], vec![]));
}

#[tokio::test]
async fn with_nothing_to_catch_up_with_it_says_so_at_once() {
    let server = Server::start().await;
    let mut live = Box::pin(server.messaging.live(Duration::ZERO));
    assert_eq!(live.next().await, Some(Live::CaughtUp));
}

#[tokio::test]
async fn it_goes_on_where_it_was_after_the_server_was_killed() {
    let mut server = Server::start().await;
    let mut live = Box::pin(server.messaging.live(Duration::from_secs(60)));
    tell(&server, 1).await;
    until(&mut live, 1).await;
    server.servers.kill_nats().await;
    server.servers.start_nats().await;
    tell(&server, 2).await;
    let (versions, said) = until(&mut live, 2).await;
    assert_eq!(versions, [2]);
    assert!(said.contains(&Live::Interrupted), "{said:?}");
}

#[tokio::test]
async fn it_survives_the_loss_of_its_consumer() {
    let server = Server::start().await;
    let mut live = Box::pin(server.messaging.live(Duration::from_secs(60)));
    tell(&server, 1).await;
    until(&mut live, 1).await;
    let stream = server.raw.get_stream("EVENTS").await.unwrap();
    let names: Vec<_> = stream.consumer_names().map(Result::unwrap).collect().await;
    let own: Vec<_> = names
        .iter()
        .filter(|name| name.starts_with("test-service-live-"))
        .collect();
    assert_eq!(own.len(), 1);
    stream.delete_consumer(own[0]).await.unwrap();
    tell(&server, 2).await;
    let (versions, said) = until(&mut live, 2).await;
    assert_eq!(versions, [2]);
    assert!(said.contains(&Live::Interrupted), "{said:?}");
}

#[tokio::test]
async fn nobody_listening_leaves_no_consumer_behind() {
    let server = Server::start().await;
    let mut live = Box::pin(server.messaging.live(Duration::from_secs(60)));
    assert_eq!(live.next().await, Some(Live::CaughtUp));
    drop(live);
    let consumers = async || {
        let stream = server.raw.get_stream("EVENTS").await.unwrap();
        let names: Vec<_> = stream.consumer_names().map(Result::unwrap).collect().await;
        names.iter().all(|name| !name.contains("-live-")).then_some(())
    };
    devstack::testing::eventually("no live consumer", consumers).await;
}
