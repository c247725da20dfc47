//! Commands on products.

use devstack::testing::eventually;
use domain::catalog::ChangePrice;
use domain::{CatalogAction, OrderState, Version};

use crate::samples::*;
use crate::stack::Stack;

fn price(word: &str, minor: i64, version: u32) -> domain::CatalogCommand {
    catalog(
        "tea",
        word,
        CatalogAction::Price(ChangePrice {
            price: eur(minor),
            version: Version(version),
        }),
    )
}

#[tokio::test]
async fn orders_are_priced_by_the_newest_price_and_a_stale_edit_is_refused() {
    let stack = Stack::start().await;
    stack.send_catalog(&price("one", 500, 1)).await;
    let stale = price("two", 1, 1);
    stack.send_catalog(&stale).await;
    let refused = eventually("a refusal", async || stack.caused(&stale).await).await;
    assert_eq!(
        (refused.verb.as_str(), refused.reason.as_deref()),
        ("refused", Some("stale_version"))
    );
    let tea = stack
        .product_when("tea", "priced", |tea| tea.version == Version(2))
        .await;
    assert_eq!(tea.price, eur(500));
    stack.send(&submission("a", "tea", 2)).await;
    assert_eq!(
        stack.order_in(order_id("a"), OrderState::Confirmed).await.total,
        Some(eur(1000))
    );
}

#[tokio::test]
async fn a_redelivered_stock_command_counts_once() {
    let mut stack = Stack::start().await;
    let command = stock("tea", "more", 5);
    stack.send_catalog(&command).await;
    stack
        .product_when("tea", "the new stock", |tea| tea.available == 1005)
        .await;
    stack.idle_queues().await;
    stack.servers.kill_nats().await;
    stack.servers.start_nats().await;
    stack.send_catalog(&command).await;
    stack.send_catalog(&stock("tea", "again", 10)).await;
    stack
        .product_when("tea", "the next change", |tea| tea.available == 1015)
        .await;
    stack.idle_queues().await;
    assert_eq!(stack.product_when("tea", "there", |_| true).await.available, 1015);
}

#[tokio::test]
async fn stock_never_goes_below_zero() {
    let stack = Stack::start().await;
    stack.send_catalog(&stock("tea", "too-much", -1001)).await;
    stack.send_catalog(&stock("tea", "all", -1000)).await;
    stack
        .product_when("tea", "no stock", |tea| tea.available == 0)
        .await;
}
