//! What is delivered again takes effect once.

use devstack::Part;
use nix::sys::signal::Signal;

use crate::support::{SOON, Shop, hold, orders_only, until};

const STOCK: &str = "SELECT available FROM products WHERE sku = 'tea'";

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_command_that_is_delivered_again_counts_once() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 5).await;
    let held = hold(&shop, "tea").await;
    shop.ctl([
        "products",
        "stock",
        "tea",
        "10",
        "--key",
        "delivery-1",
        "--no-wait",
    ])
    .await;
    until("the processor to wait for the product", SOON, async || {
        (shop.processors_waiting() == 1).then_some(())
    })
    .await;

    // It will commit, and nobody hears of it: no event, no ack. Then it dies.
    shop.stack.signal(Part::Nats, Signal::SIGSTOP).await.unwrap();
    held.release(&shop).await;
    until("the commit", SOON, async || {
        (shop.sql(STOCK) == "15").then_some(())
    })
    .await;
    shop.stack.kill(Part::OrderProcessor).await.unwrap();
    shop.stack.signal(Part::Nats, Signal::SIGCONT).await.unwrap();
    let queues = shop.ctl(["queues"]).await;
    let catalog = queues
        .as_array()
        .unwrap()
        .iter()
        .find(|queue| queue["stream"] == "CATALOG")
        .unwrap();
    assert_eq!(catalog["in_hand"], 1, "it is not acknowledged: {catalog}");

    shop.stack.start_part(Part::OrderProcessor).await.unwrap();
    shop.processed().await;
    assert_eq!(shop.sql(STOCK), "15");
    let ledger = "SELECT string_agg(delta::text, ',' ORDER BY delta) FROM stock_ledger";
    assert_eq!(shop.sql(ledger), "5,10");
    // Once more by its sender, who learns what became of it then.
    shop.ctl(["products", "stock", "tea", "10", "--key", "delivery-1"])
        .await;
    assert_eq!(shop.sql(STOCK), "15");
    assert!(shop.dead_letters().await.is_empty());
}
