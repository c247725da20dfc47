use async_nats::HeaderMap;
use jiff::ToSpan;
use messaging::topology::processor_consumer;
use messaging::{DeadLetters, Outcome, commands};

use crate::support::{Counts, Recorder, Running, Server, cancel, now, order, stock, submission};

#[tokio::test]
async fn a_message_without_an_envelope_is_a_dead_letter_and_others_flow() {
    let server = Server::start().await;
    let mut headers = HeaderMap::new();
    headers.insert("ce-id", "evil.*.>");
    let body = "no json";
    server
        .raw
        .publish_with_headers("catalog.stock.tea", headers, body.into())
        .await
        .unwrap()
        .await
        .unwrap();
    let healthy = stock("green-tea", "1");
    server.publish(&healthy).await;
    let recorder = Recorder::done();
    let running = Running::start(server.worker("CATALOG", "catalog", &Counts::default()), &recorder);
    server.emptied("CATALOG").await;
    running.drain().await;

    assert_eq!(recorder.ids(), [healthy.envelope.id]);
    let letters = DeadLetters::new(server.messaging.clone());
    let [letter] = letters.list(1, 10).await.unwrap().try_into().unwrap();
    assert_eq!(
        (letter.reason.as_str(), letter.body.as_ref()),
        ("undecodable", body.as_bytes())
    );
    assert_eq!(letter.error, "the header `ce-specversion` is missing");
    assert_eq!(letter.headers, [("ce-id".to_owned(), "evil.*.>".to_owned())]);
    assert_eq!(
        (letter.stream.as_str(), letter.consumer.as_str()),
        ("CATALOG", "catalog")
    );
    assert_eq!(letters.get(letter.sequence).await.unwrap(), Some(letter));
    let told = server.last("EVENTS", "events.dead-letter.>").await;
    assert!(told.payload.is_empty());
    assert_eq!(
        told.headers.get("Dead-Letter-Reason").unwrap().as_str(),
        "undecodable"
    );
}

#[tokio::test]
async fn an_expired_command_is_a_dead_letter_and_its_replay_goes_without_the_expiry() {
    let server = Server::start().await;
    let mut message = stock("green-tea", "1");
    message.envelope.expires_at = Some(now() - 1.second());
    server.publish(&message).await;
    let recorder = Recorder::done();
    let running = Running::start(server.worker("CATALOG", "catalog", &Counts::default()), &recorder);
    server.emptied("CATALOG").await;
    assert!(recorder.ids().is_empty());
    let letters = DeadLetters::new(server.messaging.clone());
    let [letter] = letters.list(1, 10).await.unwrap().try_into().unwrap();
    assert_eq!(letter.reason, "expired");
    assert!(letters.replay(letter.sequence).await.unwrap());
    assert_eq!(recorder.until(1).await, [message.envelope.id]);
    server.emptied("DEAD_LETTERS").await;
    running.drain().await;
}

#[tokio::test]
async fn a_replay_that_dies_again_can_be_replayed_again_within_the_duplicate_window() {
    let server = Server::start().await;
    let command = submission("a");
    let message = commands::order_message(&command, "rest-api", Some("r-1"));
    server.publish(&message).await;
    let rejections = std::sync::atomic::AtomicU32::new(0);
    let recorder =
        Recorder::each(
            move |_| match rejections.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 | 1 => Outcome::Reject {
                    reason: "key_reused",
                    why: "another body".into(),
                },
                _ => Outcome::Done,
            },
        );
    let consumer = processor_consumer(command.order.partition());
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &recorder);
    let letters = DeadLetters::new(server.messaging.clone());
    let mut last = 0;
    for round in 1..=2 {
        recorder.until(round).await;
        server.emptied("ORDERS").await;
        let letter = letters.of_submission(command.order).await.unwrap().unwrap();
        assert_eq!(
            (letter.reason.as_str(), &letter.body),
            ("key_reused", &message.body)
        );
        assert!(
            letter
                .headers
                .contains(&("Waybill-Correlation-Id".into(), "r-1".into()))
        );
        assert!(letter.sequence > last);
        last = letter.sequence;
        assert!(letters.replay(letter.sequence).await.unwrap());
    }
    assert_eq!(recorder.until(3).await, vec![message.envelope.id; 3]);
    server.emptied("ORDERS").await;
    assert_eq!(letters.of_submission(command.order).await.unwrap(), None);
    assert!(!letters.replay(last).await.unwrap());
    running.drain().await;
}

#[tokio::test]
async fn letters_are_listed_in_pages_and_discarded() {
    let server = Server::start().await;
    for key in 0..5 {
        server.publish(&cancel(order("a"), &key.to_string())).await;
    }
    let recorder = Recorder::each(|_| Outcome::Reject {
        reason: "refused",
        why: "line one\nline two".into(),
    });
    let consumer = processor_consumer(order("a").partition());
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &recorder);
    server.emptied("ORDERS").await;
    running.drain().await;
    let letters = DeadLetters::new(server.messaging.clone());
    let page = letters.list(0, 2).await.unwrap();
    assert_eq!(
        page.iter().map(|letter| letter.sequence).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(page[0].error, "line one line two");
    assert_eq!(letters.list(3, 10).await.unwrap().len(), 3);
    assert!(letters.discard(2).await.unwrap());
    assert!(!letters.discard(2).await.unwrap());
    assert_eq!(letters.get(2).await.unwrap(), None);
    assert_eq!(letters.get(0).await.unwrap(), None);
    let queue = server.messaging.queues().await.unwrap().pop().unwrap();
    assert_eq!((queue.stream.as_str(), queue.pending), ("DEAD_LETTERS", 4));
    assert!(queue.oldest.is_some());
    // A submission of the same order is another letter: these were not it.
    assert_eq!(letters.of_submission(order("a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_push_that_is_too_late_still_reaches_its_sender() {
    let server = Server::start().await;
    let mut late = stock("green-tea", "1");
    late.subject = "notifications.apns.device".into();
    late.envelope.expires_at = Some(now() - 1.second());
    server.publish(&late).await;
    let recorder = Recorder::done();
    let worker = server.worker("NOTIFICATIONS", "sender-apns", &Counts::default());
    let running = Running::start(worker, &recorder);
    assert_eq!(recorder.until(1).await, [late.envelope.id]);
    server.emptied("NOTIFICATIONS").await;
    running.drain().await;
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
}
