use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::PullConsumer;
use devstack::testing::eventually;
use futures_util::StreamExt;
use messaging::topology::{apply, processor_consumer};
use messaging::{DeadLetters, Outcome, Worker};

use crate::support::{Counts, Recorder, Running, Server, cancel, order, stock};

/// Delivers what is there to somebody who never says what became of it.
async fn deliver_to_a_process_that_crashes(server: &Server, count: usize) {
    let consumer: PullConsumer = server
        .raw
        .get_consumer_from_stream("catalog", "CATALOG")
        .await
        .unwrap();
    let mut messages = consumer.fetch().max_messages(count).messages().await.unwrap();
    while let Some(message) = messages.next().await {
        let nak = async_nats::jetstream::AckKind::Nak(None);
        message.unwrap().ack_with(nak).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_that_ended_the_process_five_times_is_a_dead_letter_and_its_neighbour_is_not() {
    let server = Server::start().await;
    let (attempts, recorder) = (Counts::default(), Recorder::done());
    let sequence = server.publish(&stock("poison", "1")).await;
    let healthy = stock("green-tea", "1");
    server.publish(&healthy).await;
    deliver_to_a_process_that_crashes(&server, 1).await;
    attempts.set("CATALOG", sequence, 5);
    let running = Running::start(server.worker("CATALOG", "catalog", &attempts), &recorder);
    server.emptied("CATALOG").await;
    running.drain().await;
    let letters = DeadLetters::new(server.messaging.clone())
        .list(1, 10)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "attempts_exhausted");
    assert_eq!(recorder.ids(), [healthy.envelope.id]);
    assert_eq!(attempts.of("CATALOG", sequence), None);
}

#[tokio::test]
async fn a_redelivered_message_is_handled_alone_with_its_attempt_counted_before() {
    let server = Server::start().await;
    let attempts = Counts::default();
    let sequence = server.publish(&stock("green-tea", "1")).await;
    deliver_to_a_process_that_crashes(&server, 1).await;
    let seen = attempts.clone();
    let recorder = Recorder::each(move |delivery| {
        assert!(delivery.redelivered);
        assert_eq!(seen.of("CATALOG", delivery.sequence), Some(1));
        Outcome::Done
    });
    let running = Running::start(server.worker("CATALOG", "catalog", &attempts), &recorder);
    server.emptied("CATALOG").await;
    running.drain().await;
    assert_eq!(attempts.of("CATALOG", sequence), None);
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
}

#[tokio::test]
async fn a_deleted_consumer_is_bound_again() {
    let server = Server::start().await;
    let recorder = Recorder::done();
    let running = Running::start(server.worker("CATALOG", "catalog", &Counts::default()), &recorder);
    server.publish(&stock("green-tea", "1")).await;
    recorder.until(1).await;
    server
        .raw
        .delete_consumer_from_stream("catalog", "CATALOG")
        .await
        .unwrap();
    let trouble = eventually("trouble", async || running.trouble()).await;
    assert!(trouble.starts_with("CATALOG/catalog: "), "{trouble}");
    apply(&server.messaging).await.unwrap();
    server.publish(&stock("green-tea", "2")).await;
    recorder.until(2).await;
    assert_eq!(running.trouble(), None);
    running.drain().await;
}

#[tokio::test]
async fn a_worker_goes_on_after_the_server_was_killed() {
    let mut server = Server::start().await;
    let recorder = Recorder::done();
    let consumer = processor_consumer(order("a").partition());
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &recorder);
    for round in 0..3 {
        let message = cancel(order("a"), &round.to_string());
        server.publish(&message).await;
        eventually("the message", async || {
            recorder.ids().contains(&message.envelope.id).then_some(())
        })
        .await;
        server.servers.kill_nats().await;
        server.servers.start_nats().await;
    }
    server.emptied("ORDERS").await;
    running.drain().await;
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
}

#[tokio::test]
async fn one_replica_has_a_partition_and_the_next_takes_over_when_it_falls_silent() {
    let server = Server::start().await;
    let consumer = processor_consumer(order("a").partition());
    let (first, second) = (Recorder::done(), Recorder::done());
    let one = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &first);
    server.publish(&cancel(order("a"), "0")).await;
    first.until(1).await;
    let two = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &second);
    let begun = Instant::now();
    for key in 1.. {
        server.publish(&cancel(order("a"), &key.to_string())).await;
        first.until(key + 1).await;
        // Longer than the pin's time-out: pulls alone keep it.
        if begun.elapsed() > Duration::from_secs(4) {
            break;
        }
    }
    assert_eq!(second.ids().len(), 0);
    one.drain().await;
    server.publish(&cancel(order("a"), "last")).await;
    second.until(1).await;
    server.emptied("ORDERS").await;
    two.drain().await;
}

#[tokio::test]
async fn a_slow_batch_keeps_its_pin_and_is_not_delivered_twice() {
    let server = Server::start().await;
    let consumer = processor_consumer(order("a").partition());
    let first = std::sync::atomic::AtomicBool::new(true);
    let slow = Recorder::new(move |batch| {
        let first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
        async move {
            // Longer than the ack wait and the pin's time-out.
            let taken = if first {
                Duration::from_secs(7)
            } else {
                Duration::ZERO
            };
            tokio::time::sleep(taken).await;
            Ok(batch.iter().map(|_| Outcome::Done).collect())
        }
    });
    let standby = Recorder::done();
    let worker = server.worker("ORDERS", &consumer, &Counts::default());
    // So small a room that it is full while the first batch is worked on.
    let one = Running::start(
        Worker {
            max_batch: 1,
            ..worker
        },
        &slow,
    );
    server.publish(&cancel(order("a"), "0")).await;
    slow.until(1).await;
    let two = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &standby);
    server.publish(&cancel(order("a"), "1")).await;
    server.emptied("ORDERS").await;
    assert_eq!((slow.ids().len(), standby.ids().len()), (2, 0));
    one.drain().await;
    two.drain().await;
}

#[tokio::test]
async fn many_batches_at_once_keep_the_order_of_each_key() {
    let server = Server::start().await;
    for key in 0..30 {
        server
            .publish(&cancel(order(&format!("k{}", key % 3)), &key.to_string()))
            .await;
    }
    let gone = Recorder::new(|batch| async move {
        tokio::task::yield_now().await;
        Ok(batch.iter().map(|_| Outcome::Done).collect())
    });
    let consumers = domain::Partition::all().map(processor_consumer).collect();
    let worker = server.worker("ORDERS", "", &Counts::default());
    let running = Running::start(
        Worker {
            consumers,
            max_batch: 1,
            concurrency: 16,
            ..worker
        },
        &gone,
    );
    server.emptied("ORDERS").await;
    running.drain().await;
    let ids = gone.ids();
    for n in 0..3 {
        let expected = (0..30).filter(|key| key % 3 == n);
        let expected =
            expected.map(|key: usize| cancel(order(&format!("k{n}")), &key.to_string()).envelope.id);
        let expected: Vec<_> = expected.collect();
        let own: Vec<_> = ids.iter().filter(|id| expected.contains(id)).cloned().collect();
        assert_eq!(own, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_dead_when_the_server_is_killed_under_load() {
    let mut server = Server::start().await;
    let recorder = Recorder::new(|batch| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(batch.iter().map(|_| Outcome::Done).collect())
    });
    let consumers = domain::Partition::all().map(processor_consumer).collect();
    let worker = server.worker("ORDERS", "", &Counts::default());
    let running = Running::start(Worker { consumers, ..worker }, &recorder);
    let messages: Vec<_> = (0..1500)
        .map(|key| cancel(order(&format!("k{key}")), "1"))
        .collect();
    let publishing = {
        let (messaging, messages) = (server.messaging.clone(), messages.clone());
        tokio::spawn(async move {
            for some in messages.chunks(50) {
                for result in messaging.publish_all(some).await {
                    result.unwrap();
                }
            }
        })
    };
    recorder.until(100).await;
    server.servers.kill_nats().await;
    server.servers.start_nats().await;
    publishing.await.unwrap();
    server.emptied("ORDERS").await;
    running.drain().await;
    let handled: std::collections::HashSet<_> = recorder.ids().into_iter().collect();
    assert!(
        messages
            .iter()
            .all(|message| handled.contains(&message.envelope.id))
    );
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
}

#[tokio::test]
async fn more_than_can_wait_for_a_retry_goes_back_and_comes_again() {
    let server = Server::start().await;
    let messages: Vec<_> = (0..100).map(|key| cancel(order("a"), &key.to_string())).collect();
    for message in &messages {
        server.publish(message).await;
    }
    let (first, failed) = (
        messages[0].envelope.id.clone(),
        std::sync::atomic::AtomicBool::new(false),
    );
    let recorder = Recorder::each(move |delivery| {
        let fails = delivery.envelope.id == first && !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
        if fails {
            Outcome::Retry {
                after: None,
                why: "not yet".into(),
            }
        } else {
            Outcome::Done
        }
    });
    let consumer = processor_consumer(order("a").partition());
    let worker = server.worker("ORDERS", &consumer, &Counts::default());
    let running = Running::start(
        Worker {
            max_batch: 1,
            ..worker
        },
        &recorder,
    );
    server.emptied("ORDERS").await;
    running.drain().await;
    let handled = recorder.ids();
    let published: Vec<_> = messages.into_iter().map(|message| message.envelope.id).collect();
    assert_eq!(handled[..2], [published[0].clone(), published[0].clone()]);
    assert_eq!(handled[1..65], published[..64]);
    assert_eq!(handled.len(), 101);
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
}
