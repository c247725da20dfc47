//! One request, however often it is sent.

use devstack::Part;
use futures_util::future::join_all;

use crate::support::{Answer, SOON, Shop, draft, flush_redis, orders_only, until};

const REUSED: &str = "/problems/idempotency-key-reused";

async fn shop() -> Shop {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 100).await;
    shop
}

/// The same request 50 times at once: equal answers, one order.
async fn fifty_at_once(shop: &Shop, key: &str) {
    let (guest, two, before) = (shop.guest().await, draft("tea", 2), shop.orders());
    let answers = join_all((0..50).map(|_| shop.submit(&guest, key, &two))).await;
    for answer in &answers {
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.body, answers[0].body);
        for name in ["location", "etag"] {
            assert_eq!(answer.header(name), answers[0].header(name));
        }
    }
    let id = answers[0].body["id"].as_str().unwrap();
    shop.in_state(id, "confirmed").await;
    shop.processed().await;
    let after = before.parse::<u32>().unwrap() + 1;
    assert_eq!(shop.orders(), after.to_string());
    let taken = shop.sql(&format!(
        "SELECT sum(delta) FROM stock_ledger WHERE order_id = '{id}'"
    ));
    assert_eq!(taken, "-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_50_times_at_once_is_one_order_with_redis_and_without() {
    let shop = shop().await;
    fifty_at_once(&shop, "with-redis").await;
    shop.stack.kill(Part::Redis).await.unwrap();
    fifty_at_once(&shop, "without-redis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_failed_after_its_record_was_written_orders_once_when_it_is_sent_again() {
    let shop = shop().await;
    let (guest, one) = (shop.guest().await, draft("tea", 1));
    shop.stack.kill(Part::Nats).await.unwrap();
    let refused = shop.submit(&guest, "again", &one).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(
        refused.header("retry-after").parse::<u32>().is_ok(),
        "{refused:?}"
    );
    assert_eq!(refused.header("content-type"), "application/problem+json");

    shop.stack.start_part(Part::Nats).await.unwrap();
    let accepted = until("the order to be accepted", SOON, async || {
        let answer = shop.submit(&guest, "again", &one).await;
        assert!([202, 503].contains(&answer.status), "{answer:?}");
        (answer.status == 202).then_some(answer)
    })
    .await;
    let repeated = shop.submit(&guest, "again", &one).await;
    assert_eq!((repeated.status, &repeated.body), (202, &accepted.body));
    shop.in_state(accepted.body["id"].as_str().unwrap(), "confirmed")
        .await;
    shop.processed().await;
    assert_eq!(shop.orders(), "1");
    assert_eq!(shop.sql("SELECT available FROM products"), "99");
}

fn assert_reused(answer: &Answer) {
    assert_eq!(
        (answer.status, &answer.body["type"]),
        (422, &REUSED.into()),
        "{answer:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_key_takes_no_other_request_also_after_redis_was_emptied_or_stopped() {
    let shop = shop().await;
    let (guest, one, two) = (shop.guest().await, draft("tea", 1), draft("tea", 2));
    let accepted = shop.submit(&guest, "mine", &one).await;
    let id = accepted.body["id"].as_str().unwrap();
    assert_reused(&shop.submit(&guest, "mine", &two).await);
    shop.in_state(id, "confirmed").await;
    flush_redis(&shop).await;
    assert_reused(&shop.submit(&guest, "mine", &two).await);
    shop.stack.kill(Part::Redis).await.unwrap();
    assert_reused(&shop.submit(&guest, "mine", &two).await);
    let repeated = shop.submit(&guest, "mine", &one).await;
    assert_eq!((repeated.status, &repeated.body), (202, &accepted.body));

    // A key belongs to its guest.
    let other = shop.guest().await;
    assert_ne!(shop.order(&other, "mine", &two).await, id);
    until("two orders", SOON, async || (shop.orders() == "2").then_some(())).await;
    shop.processed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_key_takes_no_other_request_also_while_its_order_waits() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 100).await;
    shop.stack.terminate(Part::OrderProcessor).await.unwrap();
    let (guest, one, two) = (shop.guest().await, draft("tea", 1), draft("tea", 2));
    let id = shop.order(&guest, "mine", &one).await;
    flush_redis(&shop).await;
    assert_reused(&shop.submit(&guest, "mine", &two).await);
    assert_eq!(shop.order(&guest, "mine", &one).await, id);
    shop.stack.start_part(Part::OrderProcessor).await.unwrap();
    shop.in_state(&id, "confirmed").await;
    shop.processed().await;
    assert_eq!(
        (
            shop.orders().as_str(),
            shop.sql("SELECT available FROM products").as_str()
        ),
        ("1", "99")
    );
}
