//! The processor dies with healthy commands in its hand.

use std::time::Duration;

use devstack::Part;
use futures_util::future::join_all;

use crate::support::{Shop, draft, hold, orders_only, until};

/// An ack wait of five seconds and a pin's three, with room for a busy machine.
const REDELIVERED: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread")]
async fn five_deaths_in_a_row_with_commands_in_hand_dead_letter_nothing() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 999).await;
    let (guest, one) = (shop.guest().await, draft("tea", 1));
    // While the product is held, nothing is decided: every death finds the same commands in hand.
    let held = hold(&shop, "tea").await;
    let keys: Vec<String> = (0..40).map(|n| format!("order-{n}")).collect();
    let ids = join_all(keys.iter().map(|key| shop.order(&guest, key, &one))).await;
    for death in 1..=5 {
        until(
            &format!("a command to be in hand before death {death}"),
            REDELIVERED,
            async || (shop.processors_waiting() > 0).then_some(()),
        )
        .await;
        shop.stack.kill(Part::OrderProcessor).await.unwrap();
        until("the dead one to let go", REDELIVERED, async || {
            (shop.processors_waiting() == 0).then_some(())
        })
        .await;
        shop.stack.start_part(Part::OrderProcessor).await.unwrap();
    }
    assert_eq!(shop.orders(), "0");
    held.release(&shop).await;
    for id in &ids {
        shop.in_state(id, "confirmed").await;
    }
    shop.processed().await;
    assert!(shop.dead_letters().await.is_empty());
    assert_eq!(shop.sql("SELECT available FROM products"), "959");
}
