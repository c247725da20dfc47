use std::time::{Duration, Instant};

use devstack::testing::eventually;
use domain::OrderId;
use messaging::topology::processor_consumer;
use messaging::{HandlerError, Outcome, Worker};

use crate::support::{Counts, Recorder, Running, Server, cancel, order, stock};

fn retry(why: &str) -> Outcome {
    Outcome::Retry {
        after: None,
        why: why.into(),
    }
}

fn partition(order: OrderId) -> String {
    processor_consumer(order.partition())
}

#[tokio::test]
async fn a_batch_is_cut_in_stream_order_from_what_is_there() {
    let server = Server::start().await;
    let mut published = Vec::new();
    for key in 0..200 {
        let message = cancel(order("a"), &key.to_string());
        server.publish(&message).await;
        published.push(message.envelope.id);
    }
    let recorder = Recorder::done();
    let worker = server.worker("ORDERS", &partition(order("a")), &Counts::default());
    let running = Running::start(worker, &recorder);
    assert_eq!(recorder.until(200).await, published);
    server.emptied("ORDERS").await;
    running.drain().await;
    let sizes: Vec<_> = recorder.batches.lock().unwrap().iter().map(Vec::len).collect();
    assert!(
        sizes.iter().all(|&size| size <= 128) && sizes.len() < 100,
        "{sizes:?}"
    );
}

#[tokio::test]
async fn the_partitions_of_a_worker_are_merged() {
    let server = Server::start().await;
    for key in 0..40 {
        server.publish(&cancel(order(&key.to_string()), "1")).await;
    }
    let recorder = Recorder::done();
    let consumers = domain::Partition::all().map(processor_consumer).collect();
    let worker = Worker {
        consumers,
        ..server.worker("ORDERS", "", &Counts::default())
    };
    let running = Running::start(worker, &recorder);
    recorder.until(40).await;
    server.emptied("ORDERS").await;
    running.drain().await;
}

#[tokio::test]
async fn later_messages_of_a_key_wait_for_the_one_that_is_retried() {
    let server = Server::start().await;
    let consumer = partition(order("a"));
    let other = (0..)
        .map(|n| order(&format!("other-{n}")))
        .find(|&o| partition(o) == consumer)
        .unwrap();
    let messages = [
        cancel(order("a"), "1"),
        cancel(order("a"), "2"),
        cancel(other, "1"),
    ];
    let [first, second, elsewhere] = messages.clone().map(|message| message.envelope.id);
    let (failing, begun) = (first.clone(), Instant::now());
    let failures = std::sync::atomic::AtomicU32::new(0);
    let recorder = Recorder::each(move |delivery| {
        let count = || failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if delivery.envelope.id == failing && count() < 2 {
            retry("not yet")
        } else {
            Outcome::Done
        }
    });
    let worker = Worker {
        max_batch: 1,
        ..server.worker("ORDERS", &consumer, &Counts::default())
    };
    let running = Running::start(worker, &recorder);
    for message in &messages {
        server.publish(message).await;
    }
    server.emptied("ORDERS").await;
    let ids = recorder.ids();
    let (own, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| *id != elsewhere);
    assert_eq!(own, [first.clone(), first.clone(), first, second]);
    assert_eq!(others.len(), 1);
    assert!(
        begun.elapsed() > Duration::from_millis(900),
        "retried after 0.2 and 1 second, a fifth more or less"
    );
    running.drain().await;
}

#[tokio::test]
async fn attempts_end_in_a_dead_letter_with_the_cause() {
    let server = Server::start().await;
    let (attempts, message) = (Counts::default(), cancel(order("a"), "1"));
    let sequence = server.publish(&message).await;
    let recorder = Recorder::each(|_| Outcome::Retry {
        after: Some(Duration::ZERO),
        why: "it never works".into(),
    });
    let running = Running::start(
        server.worker("ORDERS", &partition(order("a")), &attempts),
        &recorder,
    );
    server.emptied("ORDERS").await;
    let letters = messaging::DeadLetters::new(server.messaging.clone())
        .list(1, 10)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (letters[0].reason.as_str(), letters[0].error.as_str()),
        ("attempts_exhausted", "it never works")
    );
    assert_eq!((letters[0].source_sequence, letters[0].deliveries), (sequence, 5));
    assert_eq!(recorder.ids().len(), 5);
    running.drain().await;
    assert_eq!(attempts.of("ORDERS", sequence), None);
}

#[tokio::test]
async fn a_panic_hurts_only_the_message_that_causes_it() {
    let server = Server::start().await;
    let poison = cancel(order("a"), "poison");
    for key in 0..10 {
        let message = if key == 4 {
            poison.clone()
        } else {
            cancel(order("a"), &key.to_string())
        };
        server.publish(&message).await;
    }
    let id = poison.envelope.id.clone();
    let recorder = Recorder::each(move |delivery| {
        assert_ne!(delivery.envelope.id, id, "a poisonous message");
        Outcome::Done
    });
    let worker = Worker {
        max_attempts: 2,
        ..server.worker("ORDERS", &partition(order("a")), &Counts::default())
    };
    let running = Running::start(worker, &recorder);
    server.emptied("ORDERS").await;
    let letters = messaging::DeadLetters::new(server.messaging.clone())
        .list(1, 10)
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "attempts_exhausted");
    assert!(
        letters[0].error.contains("a poisonous message"),
        "{}",
        letters[0].error
    );
    running.drain().await;
}

#[tokio::test]
async fn a_failed_batch_is_tried_one_by_one() {
    let server = Server::start().await;
    for key in 0..20 {
        server.publish(&cancel(order("a"), &key.to_string())).await;
    }
    let recorder = Recorder::new(|batch| async move {
        if batch.len() > 1 {
            Err(HandlerError::Failed("too many".into()))
        } else {
            Ok(vec![Outcome::Done])
        }
    });
    let attempts = Counts::default();
    let running = Running::start(
        server.worker("ORDERS", &partition(order("a")), &attempts),
        &recorder,
    );
    server.emptied("ORDERS").await;
    running.drain().await;
    assert!(attempts.0.lock().unwrap().is_empty());
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
}

#[tokio::test]
async fn waiting_is_no_attempt() {
    let server = Server::start().await;
    server.publish(&stock("green-tea", "1")).await;
    let waits = std::sync::atomic::AtomicU32::new(0);
    let recorder = Recorder::each(
        move |_| match waits.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0..=8 => Outcome::Wait {
                after: Duration::from_millis(20),
                why: "not stored yet".into(),
            },
            _ => Outcome::Done,
        },
    );
    let running = Running::start(server.worker("CATALOG", "catalog", &Counts::default()), &recorder);
    server.emptied("CATALOG").await;
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
    assert_eq!(recorder.ids().len(), 10);
    running.drain().await;
}

#[tokio::test]
async fn while_something_is_unavailable_the_batch_is_held_and_not_counted() {
    let server = Server::start().await;
    let sequence = server.publish(&stock("green-tea", "1")).await;
    let attempts = Counts::default();
    let begun = Instant::now();
    let recorder = Recorder::new(move |batch| async move {
        // Longer than the ack wait of 5 s: only in-progress keeps the message from a second delivery.
        if begun.elapsed() < Duration::from_secs(7) {
            return Err(HandlerError::Unavailable("Postgres is away".into()));
        }
        assert!(batch.iter().all(|delivery| !delivery.redelivered));
        Ok(vec![Outcome::Done])
    });
    let running = Running::start(server.worker("CATALOG", "catalog", &attempts), &recorder);
    let told = eventually("trouble", async || running.trouble()).await;
    assert_eq!(told, "Postgres is away");
    assert_eq!(attempts.of("CATALOG", sequence), None);
    server.emptied("CATALOG").await;
    eventually("health", async || running.trouble().is_none().then_some(())).await;
    running.drain().await;
}

#[tokio::test]
async fn draining_finishes_what_is_in_hand_and_gives_the_rest_back_at_once() {
    let server = Server::start().await;
    for key in 0..10 {
        server.publish(&cancel(order("a"), &key.to_string())).await;
    }
    let (worker, begun) = (
        server.worker("ORDERS", &partition(order("a")), &Counts::default()),
        Instant::now(),
    );
    let (proceed, gate) = tokio::sync::watch::channel(false);
    let recorder = Recorder::new(move |batch| {
        let mut gate = gate.clone();
        async move {
            let _open = gate.wait_for(|open| *open).await;
            Ok(batch.iter().map(|_| Outcome::Done).collect())
        }
    });
    let running = Running::start(
        Worker {
            max_batch: 1,
            ..worker
        },
        &recorder,
    );
    recorder.until(1).await;
    running.stopper().cancel();
    proceed.send(true).unwrap();
    running.ended().await;
    assert_eq!(recorder.ids().len(), 1);
    assert_eq!(server.count("ORDERS").await, 9);

    let (rest, worker) = (
        Recorder::done(),
        server.worker("ORDERS", &partition(order("a")), &Counts::default()),
    );
    let running = Running::start(worker, &rest);
    server.emptied("ORDERS").await;
    assert!(begun.elapsed() < Duration::from_secs(15));
    running.drain().await;
}
