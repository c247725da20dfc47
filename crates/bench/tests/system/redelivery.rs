//! What is delivered again takes effect once.

use devstack::Part;
use nix::sys::signal::Signal;
use tokio::task::spawn_blocking;

use crate::support::{SOON, Shop, orders_only, until};

/// Keeps the product to itself for a while, so that a command on it is in the processor's hand and not done.
const HOLD: &str =
    "WITH held AS (SELECT * FROM products WHERE sku = 'tea' FOR UPDATE) SELECT pg_sleep(3) FROM held";
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'order-processor' AND wait_event_type = 'Lock'";
const STOCK: &str = "SELECT available FROM products WHERE sku = 'tea'";

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_command_that_is_delivered_again_counts_once() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 5).await;
    let database = shop.stack.database_url().to_owned();
    let holding = spawn_blocking(move || devstack::servers::postgres::psql(&database, HOLD));
    until("the product to be held", SOON, async || {
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        (shop.sql(sleeping) == "1").then_some(())
    })
    .await;
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
        (shop.sql(WAITING) == "1").then_some(())
    })
    .await;

    // It will commit, and nobody hears of it: no event, no ack. Then it dies.
    shop.stack.signal(Part::Nats, Signal::SIGSTOP).await.unwrap();
    holding.await.unwrap().unwrap();
    until("the commit", SOON, async || {
        (shop.sql(STOCK) == "15").then_some(())
    })
    .await;
    shop.stack.kill(Part::OrderProcessor).await.unwrap();
    shop.stack.signal(Part::Nats, Signal::SIGCONT).await.unwrap();
    let queue = shop.ctl(["queues"]).await;
    let catalog = queue
        .as_array()
        .unwrap()
        .iter()
        .find(|queue| queue["stream"] == "CATALOG")
        .unwrap();
    assert_eq!(
        (&catalog["pending"], &catalog["in_hand"]),
        (&0.into(), &1.into()),
        "it is not acknowledged"
    );

    shop.stack.start_part(Part::OrderProcessor).await.unwrap();
    shop.processed().await;
    assert_eq!(shop.sql(STOCK), "15");
    assert_eq!(
        shop.sql("SELECT string_agg(delta::text, ',' ORDER BY delta) FROM stock_ledger"),
        "5,10"
    );
    // The same command again, by its sender.
    shop.ctl(["products", "stock", "tea", "10", "--key", "delivery-1"])
        .await;
    assert_eq!(shop.sql(STOCK), "15");
    assert!(shop.dead_letters().await.is_empty());
}
