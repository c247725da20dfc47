//! What can't be handled harms nobody else.

use bench::fault::{DEADLY_NOTE, LONG_ENOUGH, die_until, messaging};
use bytes::Bytes;
use chassis::clock;
use devstack::Part;
use domain::{Customer, GuestId, OrderCommand, OrderDraft, OrderId};
use messaging::commands::order_message;
use serde_json::{Value, json};

use crate::support::{Shop, draft, orders_only, until};

/// A submission as a front door would send it.
fn submission() -> OrderCommand {
    let draft: OrderDraft = serde_json::from_value(draft("tea", 1)).unwrap();
    let customer = Customer::Guest(GuestId(clock::random_id()));
    let id = OrderId::derive(customer, &"mine".parse().unwrap());
    OrderCommand::submit(id, draft.parse(customer).unwrap(), clock::now())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_can_not_be_read_is_a_dead_letter_with_its_reason_and_its_neighbours_are_orders() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 100).await;
    let (before, bad, after) = (submission(), submission(), submission());
    let message = |command| order_message(command, "test", None);
    let mut nonsense = message(&bad);
    nonsense.body = Bytes::from_static(b"{\"lines\": [");
    let messages = [message(&before), nonsense, message(&after)];
    let published = messaging(&shop.stack).await.unwrap().publish_all(&messages).await;
    assert!(published.iter().all(Result::is_ok), "{published:?}");

    shop.in_state(&before.order.to_string(), "confirmed").await;
    shop.in_state(&after.order.to_string(), "confirmed").await;
    shop.processed().await;
    let letters = shop.dead_letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["reason"], "undecodable", "{letters:?}");
    assert_eq!(letters[0]["subject"], messages[1].subject);
    assert_ne!(letters[0]["error"], "");
    assert_eq!(shop.orders(), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_kills_the_processor_is_held_its_neighbours_are_not_and_replay_decides_it() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 100).await;
    shop.stack.terminate(Part::OrderProcessor).await.unwrap();
    let (guest, good) = (shop.guest().await, draft("tea", 1));
    let mut poison = good.clone();
    poison["note"] = json!(DEADLY_NOTE);
    let before = shop.order(&guest, "before", &good).await;
    let bad = shop.order(&guest, "bad", &poison).await;
    let after = shop.order(&guest, "after", &good).await;

    let deaths = die_until(&shop.stack, async || Ok(!shop.dead_letters().await.is_empty())).await;
    let deaths = deaths.unwrap();
    assert!((5..=7).contains(&deaths), "{deaths} deaths");
    let letters = shop.dead_letters().await;
    assert_eq!(letters[0]["reason"], "attempts_exhausted", "{letters:?}");
    let held = until("the order to be held", LONG_ENOUGH, async || {
        let answer = shop.read(&guest, &bad).await;
        (answer.body["state"] == "held").then_some(answer)
    })
    .await;
    assert_eq!((held.status, &held.body["version"]), (200, &json!(1)));

    shop.stack.start_part(Part::OrderProcessor).await.unwrap();
    shop.in_state(&before, "confirmed").await;
    shop.in_state(&after, "confirmed").await;
    assert_eq!(shop.orders(), "2");
    let number = letters[0]["sequence"].to_string();
    let replayed = shop.ctl(["dead-letters", "replay", &number]).await;
    assert_eq!(replayed, json!({ "replayed": [letters[0]["sequence"]] }));
    shop.in_state(&bad, "confirmed").await;
    until("its customer to see it confirmed", LONG_ENOUGH, async || {
        (shop.read(&guest, &bad).await.body["state"] == "confirmed").then_some(())
    })
    .await;
    shop.processed().await;
    assert_eq!(shop.dead_letters().await, Vec::<Value>::new());
    assert_eq!(shop.sql("SELECT available FROM products"), "97");
}
