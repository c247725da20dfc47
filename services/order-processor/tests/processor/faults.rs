//! What must hold when something fails.

use std::collections::BTreeSet;

use bytes::Bytes;
use chassis::clock;
use devstack::proxy::Mode;
use devstack::testing::{eventually, gate};
use domain::commands::Ship;
use domain::decide::{Batch, decide};
use domain::{OrderAction, OrderCommand, OrderState};

use crate::samples::*;
use crate::stack::Stack;

/// Does what a processor did that crashed between its commit and its first event.
async fn store_untold(stack: &Stack, command: &OrderCommand) {
    let partitions = BTreeSet::from([command.order.partition()]);
    let mut transaction = stack.storage.begin(&partitions).await.unwrap();
    let products = transaction
        .lock_products(&BTreeSet::from([sku("tea")]))
        .await
        .unwrap();
    let mut batch = Batch {
        products,
        commands: vec![command.clone()],
        ..Batch::default()
    };
    let decisions = decide(&mut batch, clock::now());
    transaction.write(&decisions).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_command_whose_effect_was_stored_but_not_told_is_told_once_it_comes_again() {
    let stack = Stack::start().await;
    let command = submission("a", "tea", 1);
    store_untold(&stack, &command).await;
    assert!(stack.events(command.order).await.is_empty());
    stack.send(&command).await;
    let versions: Vec<_> = stack
        .events_to(command.order, 2)
        .await
        .iter()
        .map(|event| event.version.0)
        .collect();
    assert_eq!(versions, [1, 2]);
    stack.idle_queues().await;
    assert_eq!(
        stack.product_when("tea", "sold once", |_| true).await.available,
        999
    );
    assert_eq!(stack.cached(command.order).await, Some(2));
}

#[tokio::test]
async fn a_successor_never_overtakes_what_a_crash_held_back() {
    let stack = Stack::start().await;
    let command = submission("a", "tea", 1);
    store_untold(&stack, &command).await;
    stack
        .send(&by_staff("a", "s", OrderAction::Ship(Ship { tracking: None })))
        .await;
    let versions: Vec<_> = stack
        .events_to(command.order, 3)
        .await
        .iter()
        .map(|event| event.version.0)
        .collect();
    assert_eq!(versions, [1, 2, 3]);
}

#[tokio::test]
async fn without_redis_orders_go_on() {
    let mut stack = Stack::start().await;
    stack.servers.kill_redis().await;
    stack.send(&submission("a", "tea", 1)).await;
    stack.order_in(order_id("a"), OrderState::Confirmed).await;
    stack.events_to(order_id("a"), 2).await;
    stack.idle_queues().await;
    let report = eventually("the report that Redis is gone", async || {
        let report = stack.admin("/readyz").await;
        report
            .contains("\"redis\":{\"required\":false,\"problem\":\"")
            .then_some(report)
    })
    .await;
    assert!(report.starts_with("HTTP/1.1 200"), "{report}");
}

#[tokio::test]
async fn orders_sent_while_no_processor_runs_are_decided_when_one_does() {
    let mut stack = Stack::start().await;
    stack.stop_processor().await;
    stack.send(&submission("a", "tea", 1)).await;
    assert!(stack.order(order_id("a")).await.is_none());
    stack.start_processor();
    stack.order_in(order_id("a"), OrderState::Confirmed).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_a_dead_letter_and_its_neighbours_are_unharmed() {
    let stack = Stack::start().await;
    let mut nonsense = messaging::commands::order_message(&submission("bad", "tea", 1), "test", None);
    nonsense.body = Bytes::from_static(b"{\"lines\":");
    let good = |name| messaging::commands::order_message(&submission(name, "tea", 1), "test", None);
    let published = stack
        .messaging
        .publish_all(&[good("a"), nonsense, good("b")])
        .await;
    assert!(published.iter().all(Result::is_ok));
    stack.order_in(order_id("a"), OrderState::Confirmed).await;
    stack.order_in(order_id("b"), OrderState::Confirmed).await;
    let letter = stack.dead_letter().await;
    assert_eq!(
        (letter.reason.as_str(), letter.body.as_ref()),
        ("undecodable", b"{\"lines\":".as_slice())
    );
    assert!(stack.order(order_id("bad")).await.is_none());
}

#[tokio::test]
async fn a_command_of_a_newer_version_waits_and_is_no_dead_letter() {
    let stack = Stack::start().await;
    let mut newer = messaging::commands::order_message(&submission("new", "tea", 1), "test", None);
    newer.envelope.kind = "order.submit.v2".into();
    stack.messaging.publish(&newer).await.unwrap();
    stack.send(&submission("a", "tea", 1)).await;
    stack.order_in(order_id("a"), OrderState::Confirmed).await;
    let letters = messaging::DeadLetters::new(stack.messaging.clone())
        .list(0, 10)
        .await
        .unwrap();
    assert_eq!(letters.len(), 0);
    let waiting: u64 = stack
        .messaging
        .queues()
        .await
        .unwrap()
        .iter()
        .map(|queue| queue.pending + queue.in_hand)
        .sum();
    assert!(waiting >= 1);
}

#[tokio::test]
async fn while_postgres_is_out_of_reach_orders_wait_unharmed_and_are_decided_when_it_is_back() {
    let mut stack = Stack::idle().await;
    let (postgres, url) = gate(&stack.servers.database_url_of("order-processor")).await;
    stack.start_processor_with(&url, &[]);
    stack.add("tea", 450, 1000).await;
    postgres.set(Mode::Refuse);
    stack.send(&submission("a", "tea", 1)).await;
    eventually("the report that Postgres is gone", async || {
        stack
            .admin("/readyz")
            .await
            .starts_with("HTTP/1.1 503")
            .then_some(())
    })
    .await;
    postgres.set(Mode::Pass);
    stack.order_in(order_id("a"), OrderState::Confirmed).await;
    stack.idle_queues().await;
    assert_eq!(
        stack.product_when("tea", "sold once", |_| true).await.available,
        999
    );
    let letters = messaging::DeadLetters::new(stack.messaging.clone())
        .list(0, 10)
        .await
        .unwrap();
    assert!(letters.is_empty(), "{letters:?}");
}
