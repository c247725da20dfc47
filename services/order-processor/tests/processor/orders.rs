//! What becomes of orders.

use std::collections::HashMap;

use devstack::testing::eventually;
use domain::commands::{Cancel, Deliver, Ship};
use domain::{OrderAction, OrderState, ReasonCode};
use jiff::SignedDuration;

use crate::samples::*;
use crate::stack::Stack;

#[tokio::test]
async fn a_submission_becomes_a_document_a_history_events_and_a_cache_entry() {
    let stack = Stack::start().await;
    let id = order_id("a");
    stack.send(&submission("a", "tea", 2)).await;
    let order = stack.order_in(id, OrderState::Confirmed).await;
    assert_eq!((order.version.0, order.total), (2, Some(eur(900))));
    assert_eq!(
        stack
            .product_when("tea", "sold", |tea| tea.available < 1000)
            .await
            .available,
        998
    );
    let told: Vec<_> = stack
        .events_to(id, 2)
        .await
        .iter()
        .map(|e| (e.version.0, e.state))
        .collect();
    assert_eq!(told, [(1, OrderState::Submitted), (2, OrderState::Confirmed)]);
    eventually("the cache entry", async || {
        stack.cached(id).await.filter(|version| *version == 2)
    })
    .await;
    stack.idle_queues().await;
}

#[tokio::test]
async fn staff_ship_and_deliver_and_a_late_wish_is_refused() {
    let stack = Stack::start().await;
    let id = order_id("a");
    stack.send(&submission("a", "tea", 2)).await;
    stack
        .send(&by_staff("a", "s", OrderAction::Ship(Ship { tracking: None })))
        .await;
    stack
        .send(&by_staff("a", "c", OrderAction::Cancel(Cancel::default())))
        .await;
    stack
        .send(&by_staff("a", "d", OrderAction::Deliver(Deliver {})))
        .await;
    let order = stack.order_in(id, OrderState::Delivered).await;
    assert_eq!(order.version.0, 5);
    assert_eq!(order.history[3].refused.as_deref(), Some("cancel"));
    let verbs: Vec<_> = stack
        .events_to(id, 5)
        .await
        .iter()
        .map(|event| event.verb())
        .collect();
    assert_eq!(
        verbs,
        ["submitted", "confirmed", "shipped", "refused", "delivered"]
    );
}

#[tokio::test]
async fn of_five_in_stock_two_hundred_orders_get_exactly_five() {
    let stack = Stack::start().await;
    stack.add("pot", 2000, 5).await;
    let commands: Vec<_> = (0..200)
        .map(|n| submission(&format!("order-{n}"), "pot", 1))
        .collect();
    let messages: Vec<_> = commands
        .iter()
        .map(|c| messaging::commands::order_message(c, "test", None))
        .collect();
    assert!(
        stack
            .messaging
            .publish_all(&messages)
            .await
            .iter()
            .all(Result::is_ok)
    );
    let mut states: HashMap<_, usize> = HashMap::new();
    for command in &commands {
        let order = eventually("a decision", async || stack.order(command.order).await).await;
        let code = order.reason.as_ref().map(|reason| reason.code);
        *states.entry((order.state, code)).or_default() += 1;
    }
    let expected = [
        ((OrderState::Confirmed, None), 5),
        ((OrderState::Rejected, Some(ReasonCode::OutOfStock)), 195),
    ];
    assert_eq!(states, HashMap::from(expected));
    assert_eq!(stack.product_when("pot", "sold", |_| true).await.available, 0);
}

#[tokio::test]
async fn replicas_that_share_the_partitions_neither_oversell_nor_block_each_other() {
    let mut stack = Stack::idle().await;
    let url = stack.servers.database_url_of("order-processor");
    stack.start_processor_with(&url, &["--partitions", "p00,p01,p02,p03"]);
    stack.start_processor_with(&url, &["--partitions", "p04,p05,p06,p07"]);
    stack.add("pot", 2000, 30).await;
    stack.add("tea", 450, 30).await;
    let orders = (0..200).map(|n| match n % 2 {
        0 => submission_of(&format!("order-{n}"), &[("pot", 1), ("tea", 1)]),
        _ => submission_of(&format!("order-{n}"), &[("tea", 1), ("pot", 1)]),
    });
    let commands: Vec<_> = orders.collect();
    let messages: Vec<_> = commands
        .iter()
        .map(|c| messaging::commands::order_message(c, "test", None))
        .collect();
    assert!(
        stack
            .messaging
            .publish_all(&messages)
            .await
            .iter()
            .all(Result::is_ok)
    );
    let mut confirmed = 0;
    for command in &commands {
        let order = eventually("a decision", async || stack.order(command.order).await).await;
        confirmed += usize::from(order.state == OrderState::Confirmed);
    }
    assert_eq!(confirmed, 30);
    stack.idle_queues().await;
}

#[tokio::test]
async fn a_cancellation_gives_the_stock_back() {
    let stack = Stack::start().await;
    stack.send(&submission("a", "tea", 10)).await;
    stack
        .send(&by_staff("a", "c", OrderAction::Cancel(Cancel::default())))
        .await;
    stack.order_in(order_id("a"), OrderState::Cancelled).await;
    stack
        .product_when("tea", "the stock as before", |tea| tea.available == 1000)
        .await;
}

#[tokio::test]
async fn a_command_ahead_of_its_order_waits_for_it() {
    let stack = Stack::start().await;
    stack
        .send(&by_staff("a", "c", OrderAction::Cancel(Cancel::default())))
        .await;
    stack.send(&submission("b", "tea", 1)).await;
    stack.order_in(order_id("b"), OrderState::Confirmed).await;
    stack.send(&submission("a", "tea", 1)).await;
    stack.order_in(order_id("a"), OrderState::Cancelled).await;
}

#[tokio::test]
async fn a_command_whose_order_never_comes_is_a_dead_letter() {
    let stack = Stack::start().await;
    let mut command = by_staff("a", "c", OrderAction::Cancel(Cancel::default()));
    command.at -= SignedDuration::from_mins(11);
    stack.send(&command).await;
    assert_eq!(stack.dead_letter().await.reason, "no_such_order");
}

#[tokio::test]
async fn another_order_under_the_same_key_is_a_dead_letter() {
    let mut stack = Stack::start().await;
    stack.send(&submission("a", "tea", 1)).await;
    stack.order_in(order_id("a"), OrderState::Confirmed).await;
    stack.idle_queues().await;
    forget_duplicates(&mut stack).await;
    stack.send(&submission("a", "tea", 2)).await;
    let letter = stack.dead_letter().await;
    assert_eq!(letter.reason, "key_reused");
    assert_eq!(
        stack.order(order_id("a")).await.unwrap().lines[0].quantity.get(),
        1
    );
}

#[tokio::test]
async fn a_redelivered_submission_counts_once_and_tells_nothing_new() {
    let mut stack = Stack::start().await;
    let command = submission("a", "tea", 1);
    stack.send(&command).await;
    let order = stack.order_in(order_id("a"), OrderState::Confirmed).await;
    stack.idle_queues().await;
    forget_duplicates(&mut stack).await;
    stack.send(&command).await;
    stack.idle_queues().await;
    assert_eq!(stack.order(order_id("a")).await.unwrap(), order);
    let told: Vec<_> = stack
        .events(order.id)
        .await
        .iter()
        .map(|event| event.version.0)
        .collect();
    assert_eq!(told, [1, 2]);
    assert_eq!(stack.product_when("tea", "sold", |_| true).await.available, 999);
    assert!(
        stack
            .messaging
            .queues()
            .await
            .unwrap()
            .iter()
            .all(|q| q.stream != "DEAD_LETTERS" || q.pending == 0)
    );
}

/// A work queue forgets the ids of consumed messages at a restart: the primary key is the true guard.
async fn forget_duplicates(stack: &mut Stack) {
    stack.servers.kill_nats().await;
    stack.servers.start_nats().await;
}
