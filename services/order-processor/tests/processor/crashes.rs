//! A message that kills whoever handles it: the real program, started again and again.

use std::process::Stdio;
use std::time::Duration;

use domain::{OrderAction, OrderCommand, OrderState};
use messaging::{DeadLetter, DeadLetters};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::samples::*;
use crate::stack::Stack;

/// Six redeliveries, each after the ack wait of five seconds, with room for a busy machine.
const LONG_ENOUGH: Duration = Duration::from_secs(150);

fn start(stack: &Stack) -> Child {
    program(stack, "127.0.0.1:0")
}

/// Starts the real program.
pub(crate) fn program(stack: &Stack, admin: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_order-processor"))
        .args(["--fault-marker", "crash here", "--admin-listen", admin])
        .args([
            "--database-url",
            &stack.servers.database_url_of("order-processor"),
            "--nats-url",
            &stack.servers.nats_url,
        ])
        .args(["--redis-url", &stack.servers.redis_url])
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Starts the program whenever it died, until there is a dead letter; gives it and how often the program died.
async fn restart_until_dead_letter(stack: &Stack) -> (DeadLetter, usize) {
    let letters = DeadLetters::new(stack.messaging.clone());
    let (mut program, mut deaths, deadline) = (start(stack), 0, Instant::now() + LONG_ENOUGH);
    loop {
        assert!(Instant::now() < deadline, "no dead letter after {deaths} crashes");
        if let Ok(status) = tokio::time::timeout(Duration::from_millis(200), program.wait()).await {
            assert!(!status.unwrap().success());
            (program, deaths) = (start(stack), deaths + 1);
        }
        if let Some(letter) = letters.list(0, 1).await.unwrap().pop() {
            return (letter, deaths);
        }
    }
}

fn poisoned(name: &str) -> OrderCommand {
    let mut command = submission(name, "tea", 1);
    if let OrderAction::Submit(submit) = &mut command.action {
        submit.note = Some("crash here".parse().unwrap());
    }
    command
}

#[tokio::test]
async fn a_message_that_crashes_the_process_is_a_dead_letter_its_neighbours_are_orders_and_replay_works() {
    let mut stack = Stack::start().await;
    stack.stop_processor().await;
    for command in [
        submission("a", "tea", 1),
        poisoned("bad"),
        submission("b", "tea", 1),
    ] {
        stack.send(&command).await;
    }
    let (letter, deaths) = restart_until_dead_letter(&stack).await;
    assert_eq!(letter.reason, "attempts_exhausted");
    assert!((5..=7).contains(&deaths), "{deaths} crashes");
    assert!(stack.order(order_id("bad")).await.is_none());
    stack.start_processor();
    stack.order_in(order_id("a"), OrderState::Confirmed).await;
    stack.order_in(order_id("b"), OrderState::Confirmed).await;
    assert!(
        DeadLetters::new(stack.messaging.clone())
            .replay(letter.sequence)
            .await
            .unwrap()
    );
    stack.order_in(order_id("bad"), OrderState::Confirmed).await;
    assert_eq!(stack.product_when("tea", "sold", |_| true).await.available, 997);
}
