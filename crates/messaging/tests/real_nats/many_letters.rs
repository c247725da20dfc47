//! Dead letters by the thousand, and what is known of one's past.

use async_nats::HeaderMap;
use devstack::testing::eventually;
use domain::OrderId;
use jiff::{Timestamp, ToSpan};
use messaging::topology::processor_consumer;
use messaging::{DeadLetter, DeadLetters, Letters, Message, Outcome, Published};

use crate::support::{Counts, Recorder, Running, Server, cancel, now, order, stock};

const MANY: u64 = 3000;

/// A letter as a worker writes it.
fn letter(number: u64, order: OrderId, at: Timestamp) -> (String, HeaderMap) {
    let consumer = processor_consumer(order.partition());
    let mut headers = HeaderMap::new();
    let reason = if number.is_multiple_of(3) {
        "expired"
    } else {
        "attempts_exhausted"
    };
    for (name, value) in [
        ("Stream", "ORDERS".to_owned()),
        ("Sequence", number.to_string()),
        ("Consumer", consumer.clone()),
        ("Subject", format!("orders.{}.cancel.{order}", order.partition())),
        ("Deliveries", "5".to_owned()),
        ("Reason", reason.to_owned()),
        ("Time", at.to_string()),
    ] {
        headers.insert(format!("Dead-Letter-{name}"), value);
    }
    (format!("dead-letters.ORDERS.{consumer}.{number}"), headers)
}

fn numbers(letters: &[DeadLetter]) -> Vec<u64> {
    letters.iter().map(|letter| letter.sequence).collect()
}

#[tokio::test]
async fn thousands_of_letters_are_found_in_pages_and_by_filters() {
    let server = Server::start().await;
    let begin = now();
    let all = Vec::from_iter(1..=MANY);
    for some in all.chunks(200) {
        let mut acks = Vec::new();
        for number in some {
            let at = begin + i64::try_from(*number).unwrap().seconds();
            let (subject, headers) = letter(*number, order(&(number % 100).to_string()), at);
            let body = vec![b'x'; 2000].into();
            let ack = server.raw.publish_with_headers(subject, headers, body);
            acks.push(ack.await.unwrap());
        }
        for ack in acks {
            ack.await.unwrap();
        }
    }
    let letters = DeadLetters::new(server.messaging.clone());
    assert_eq!(letters.count().await.unwrap(), MANY);
    let (mut from, mut seen) = (0, Vec::new());
    loop {
        let wanted = Letters {
            from,
            ..Letters::default()
        };
        let page = letters.find(&wanted, 1000).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() == 1000 && page.iter().all(|letter| letter.body.is_empty()));
        from = last.sequence + 1;
        seen.extend(numbers(&page));
    }
    assert_eq!(seen, all);

    let all = Letters::default();
    let of = async |wanted: Letters| letters.numbers(&wanted).await.unwrap();
    let expired = Letters {
        reason: Some("expired".into()),
        ..all.clone()
    };
    assert_eq!(of(expired).await, Vec::from_iter((3..=MANY).step_by(3)));
    let one_order = Letters {
        order: Some(order("7")),
        ..all.clone()
    };
    assert_eq!(
        of(one_order.clone()).await,
        Vec::from_iter((7..=MANY).step_by(100))
    );
    let consumer = processor_consumer(order("7").partition());
    let theirs = Letters {
        stream: Some("ORDERS".into()),
        consumer: Some(consumer),
        ..one_order
    };
    assert_eq!(of(theirs).await.len(), 30);
    let hour = Letters {
        since: Some(begin + 100.seconds()),
        until: Some(begin + 200.seconds()),
        ..all.clone()
    };
    assert_eq!(of(hour).await, Vec::from_iter(100..200));
    for none in ["CATALOG", "*", "a.b"] {
        let wanted = Letters {
            stream: Some(none.into()),
            ..all.clone()
        };
        assert_eq!(of(wanted).await, [0; 0], "{none}");
    }
}

/// Publishes `message`, which is rejected as often as it is replayed; gives its letters.
async fn die_three_times(message: &Message, worker: (&str, &str), server: &Server) -> Vec<DeadLetter> {
    let Published { sequence, .. } = server.messaging.publish(message).await.unwrap();
    let recorder = Recorder::each(|_| Outcome::Reject {
        reason: "refused",
        why: "never".into(),
    });
    let running = Running::start(server.worker(worker.0, worker.1, &Counts::default()), &recorder);
    let letters = DeadLetters::new(server.messaging.clone());
    let of = Letters {
        stream: Some(worker.0.into()),
        ..Letters::default()
    };
    let mut past: Vec<DeadLetter> = Vec::new();
    for _ in 0..3 {
        let letter = eventually("the letter", async || letters.find(&of, 1).await.unwrap().pop()).await;
        assert_eq!(letter.replay_of, past.last().map(|before| before.sequence));
        assert_eq!(letter.replayed_at.is_some(), !past.is_empty());
        if past.len() < 2 {
            assert!(letters.replay(letter.sequence).await.unwrap());
        }
        past.push(letter);
    }
    running.drain().await;
    assert_eq!(past[0].source_sequence, sequence);
    past
}

#[tokio::test]
async fn a_letter_knows_the_earlier_deaths_of_its_message() {
    let server = Server::start().await;
    let letters = DeadLetters::new(server.messaging.clone());
    let consumer = processor_consumer(order("a").partition());
    let cases = [
        (cancel(order("a"), "1"), ("ORDERS", consumer.as_str())),
        (stock("green-tea", "1"), ("CATALOG", "catalog")),
    ];
    for (message, worker) in cases {
        let past = die_three_times(&message, worker, &server).await;
        let known = eventually("the deaths in AUDIT", async || {
            let known = letters.deaths(&past[2]).await.unwrap();
            (known.len() == 3).then_some(known)
        })
        .await;
        assert_eq!(numbers(&known), numbers(&past));
        for (known, letter) in known.iter().zip(&past) {
            assert_eq!((&known.reason, known.at), (&letter.reason, letter.at));
            assert_eq!(
                (known.replay_of, known.source_sequence),
                (letter.replay_of, letter.source_sequence)
            );
        }
    }
}
