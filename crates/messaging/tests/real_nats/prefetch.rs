use std::time::{Duration, Instant};

use devstack::testing::eventually;
use messaging::Outcome;
use messaging::topology::processor_consumer;

use crate::support::{Counts, Recorder, Running, Server, cancel, order};

#[tokio::test]
async fn large_messages_are_pulled_no_further_than_there_is_room_in_bytes() {
    let server = Server::start().await;
    let consumer = processor_consumer(order("a").partition());
    let large = |key: usize| messaging::Message {
        body: vec![b' '; 250_000].into(),
        ..cancel(order("a"), &key.to_string())
    };
    let messages: Vec<_> = (0..100).map(large).collect();
    for result in server.messaging.publish_all(&messages).await {
        result.unwrap();
    }
    let (open, gate) = tokio::sync::watch::channel(false);
    let recorder = Recorder::new(move |batch| {
        let mut gate = gate.clone();
        async move {
            gate.wait_for(|open| *open).await.unwrap();
            Ok(batch.iter().map(|_| Outcome::Done).collect())
        }
    });
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &recorder);
    let in_hand = async || {
        let queues = server.messaging.queues().await.unwrap();
        let queue = queues
            .into_iter()
            .find(|queue| queue.consumer.as_ref() == Some(&consumer));
        queue.unwrap().in_hand
    };
    eventually("a full hand", async || (in_hand().await >= 60).then_some(())).await;
    let full = Instant::now();
    eventually("the pulls that only renew the pin", async || {
        let held = in_hand().await;
        assert!(held <= 75, "{held} messages of 250 kB in hand");
        (full.elapsed() > Duration::from_secs(3)).then_some(())
    })
    .await;
    open.send(true).unwrap();
    server.emptied("ORDERS").await;
    running.drain().await;
    let expected: Vec<_> = messages.into_iter().map(|message| message.envelope.id).collect();
    assert_eq!(recorder.ids(), expected);
}
