//! What an alarm on dead letters can be built on.

use bytes::Bytes;
use devstack::testing::eventually;
use messaging::DeadLetters;
use messaging::commands::order_message;

use crate::crashes::program;
use crate::samples::*;
use crate::stack::{Stack, ask};

#[tokio::test]
async fn the_metrics_tell_how_many_dead_letters_there_are() {
    let stack = Stack::idle().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = free.local_addr().unwrap();
    drop(free);
    let _program = program(&stack, &admin.to_string());
    let told = async |line: &str| {
        eventually(line, async || {
            let metrics = ask(admin, "/metrics").await.ok()?;
            metrics.lines().any(|told| told == line).then_some(())
        })
        .await;
    };
    told("messaging_dead_letters_kept 0").await;
    for name in ["a", "b"] {
        let mut nonsense = order_message(&submission(name, "tea", 1), "test", None);
        nonsense.body = Bytes::from_static(b"{");
        stack.messaging.publish(&nonsense).await.unwrap();
    }
    told("messaging_dead_letters_kept 2").await;
    let letter = stack.dead_letter().await;
    let letters = DeadLetters::new(stack.messaging.clone());
    assert!(letters.discard(letter.sequence).await.unwrap());
    told("messaging_dead_letters_kept 1").await;
}
