//! What a command that nobody can handle tells of the person who sent it.

use bytes::Bytes;
use devstack::testing::eventually;
use domain::{OrderCommand, OrderDraft, OrderId};
use messaging::commands::order_message;
use messaging::{DeadLetters, Message};

use crate::support::{Api, Guest, draft};

/// The order that a guest sends under `key`, as it goes to the processor.
fn submission(guest: &Guest<'_>, key: &str) -> (OrderId, Message) {
    let body: OrderDraft = serde_json::from_value(draft(&[("honey-acacia", 1)])).unwrap();
    let id = OrderId::derive(guest.customer(), &key.parse().unwrap());
    let submit = body.parse(guest.customer()).unwrap();
    let command = OrderCommand::submit(id, submit, chassis::clock::now());
    (id, order_message(&command, "test", None))
}

#[tokio::test]
async fn a_dead_letter_tells_of_persons_in_its_body_alone_and_its_order_is_its_customers() {
    let api = Api::start_whole().await;
    let (guest, stranger) = (Guest::new(&api), Guest::new(&api));
    let (late, mut expired) = submission(&guest, "late");
    expired.envelope.expires_at = Some(jiff::Timestamp::UNIX_EPOCH);
    let (_, mut broken) = submission(&guest, "broken");
    let text = String::from_utf8(broken.body.to_vec()).unwrap();
    // As a faulty sender could write it: the person stands where something else should.
    broken.body = Bytes::from(text.replacen("\"quantity\":1", "\"quantity\":\"ada@example.org\"", 1));
    for message in [&expired, &broken] {
        api.messaging.publish(message).await.unwrap();
    }
    let letters = DeadLetters::new(api.messaging.clone());
    let found = eventually("both among the dead letters", async || {
        letters.list(0, 3).await.ok().filter(|letters| letters.len() == 2)
    })
    .await;
    let mut reasons: Vec<_> = found.iter().map(|letter| letter.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["expired", "undecodable"]);
    for letter in &found {
        let outside = serde_json::to_string(letter).unwrap();
        let body = String::from_utf8(letter.body.to_vec()).unwrap();
        for canary in ["ada@example.org", "Lovelace", "Ring 1"] {
            assert!(!outside.contains(canary), "{canary}: {outside}");
            assert!(body.contains(canary), "staff see what it was: {body}");
        }
    }
    let path = format!("/v1/orders/{late}");
    guest.order_in(&path, "held").await;
    stranger.get(&path).await.problem(404, "not-found");
    api.close().await;
}
