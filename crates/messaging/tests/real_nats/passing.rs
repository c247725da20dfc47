use std::pin::Pin;
use std::time::Duration;

use devstack::testing::eventually;
use domain::{OrderEvent, OrderState, Version};
use futures_util::{Stream, StreamExt};
use messaging::passing::Passing;
use messaging::{Message, events};

use crate::support::{Server, customer, now, order, stock};

fn event(version: u32) -> Message {
    let event = OrderEvent {
        order: order("a"),
        version: Version(version),
        state: OrderState::Shipped,
        customer: customer(),
        by: domain::Actor::System("order-processor".into()),
        at: now(),
        total: None,
        reason: None,
        refused: None,
        erased: false,
    };
    events::order_event_message(&event, "order-processor")
}

async fn next(passing: &mut Pin<Box<impl Stream<Item = Passing>>>) -> Passing {
    let next = tokio::time::timeout(Duration::from_secs(20), passing.next());
    next.await.unwrap().unwrap()
}

fn id(passing: &Passing) -> Option<&str> {
    match passing {
        Passing::Event(event) => Some(&event.envelope.id),
        _ => None,
    }
}

#[tokio::test]
async fn a_reader_that_may_miss_hears_what_happens_from_now_on_and_owes_nothing() {
    let server = Server::start().await;
    server.publish(&event(1)).await;
    let mut passing = Box::pin(server.messaging.passing("events.order.>"));
    assert_eq!(next(&mut passing).await, Passing::Listening);
    server.publish(&stock("green-tea", "1")).await;
    server.publish(&event(2)).await;
    let heard = next(&mut passing).await;
    assert_eq!(id(&heard), Some(event(2).envelope.id.as_str()));
    let stream = server.raw.get_stream("EVENTS").await.unwrap();
    let names = async || -> Vec<String> {
        let names = stream.consumer_names().map(Result::unwrap);
        names
            .filter(|name| std::future::ready(name.contains("-passing-")))
            .collect()
            .await
    };
    let own = names().await;
    let info = stream.consumer_info(&own[0]).await.unwrap();
    assert_eq!((own.len(), info.num_ack_pending), (1, 0));
    drop(passing);
    eventually("no consumer left", async || {
        names().await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_may_miss_listens_again_after_the_server_was_killed() {
    let mut server = Server::start().await;
    let mut passing = Box::pin(server.messaging.passing("events.>"));
    assert_eq!(next(&mut passing).await, Passing::Listening);
    server.servers.kill_nats().await;
    server.servers.start_nats().await;
    assert_eq!(next(&mut passing).await, Passing::Listening);
    server.publish(&event(1)).await;
    assert_eq!(id(&next(&mut passing).await), Some(event(1).envelope.id.as_str()));
}

#[tokio::test]
async fn a_reader_that_is_behind_is_told_how_many_it_missed() {
    let server = Server::start().await;
    let mut passing = Box::pin(server.messaging.passing("events.>"));
    assert_eq!(next(&mut passing).await, Passing::Listening);
    let messages: Vec<_> = (1..=1500).map(event).collect();
    for some in messages.chunks(100) {
        for result in server.messaging.publish_all(some).await {
            result.unwrap();
        }
    }
    // All are delivered while nobody reads.
    let stream = server.raw.get_stream("EVENTS").await.unwrap();
    eventually("the end of the stream", async || {
        let names: Vec<_> = stream.consumer_names().map(Result::unwrap).collect().await;
        let name = names.into_iter().find(|name| name.contains("-passing-"))?;
        (stream.consumer_info(name).await.ok()?.num_pending == 0).then_some(())
    })
    .await;
    let mut heard = 0_u64;
    let missed = loop {
        match next(&mut passing).await {
            Passing::Missed(count) => break count,
            Passing::Event(_) => heard += 1,
            Passing::Listening => unreachable!("nothing was interrupted"),
        }
        // What was missed is told with what comes next.
        if heard == 1000 {
            server.publish(&event(1501)).await;
        }
    };
    assert!(missed > 0);
    let after = next(&mut passing).await;
    assert_eq!(
        id(&after),
        Some(
            event(u32::try_from(heard + missed + 1).unwrap())
                .envelope
                .id
                .as_str()
        )
    );
}
