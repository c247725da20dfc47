//! What is sold is there.

use futures_util::future::join_all;

use crate::support::{SOON, Shop, draft, orders_only, until};

#[tokio::test(flavor = "multi_thread")]
async fn of_200_shoppers_at_once_5_get_the_5_that_are_left() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 5).await;
    let guests = join_all((0..200).map(|_| shop.guest())).await;
    let one = draft("tea", 1);
    let ids = join_all(guests.iter().map(|guest| shop.order(guest, "mine", &one))).await;
    assert_eq!(ids.len(), 200);

    until("200 decided orders", SOON, async || {
        (shop.orders() == "200").then_some(())
    })
    .await;
    let decided =
        shop.sql("SELECT state, document->'reason'->>'code', count(*) FROM orders GROUP BY 1, 2 ORDER BY 1");
    assert_eq!(decided, "confirmed||5\nrejected|out_of_stock|195");
    let stock = shop.sql("SELECT available, (SELECT sum(delta) FROM stock_ledger WHERE sku = 'tea') FROM products WHERE sku = 'tea'");
    assert_eq!(stock, "0|0");
}
