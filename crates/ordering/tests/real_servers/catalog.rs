//! The catalog as front doors show it.

use devstack::proxy::Mode;
use devstack::testing::eventually;
use storage::{ProductFilter, ProductPage};

use crate::processor::{self, Manner, at};
use crate::shop::{Shop, guest, skus};

#[tokio::test]
async fn products_are_shown_and_as_they_were_where_postgres_is_away() {
    let shop = Shop::open().await;
    let sku = &skus()[1];
    let every = ProductFilter::default();
    let all = shop
        .ordering
        .products(&every, None, 10, at(0))
        .await
        .unwrap()
        .products;
    assert_eq!(
        all.iter().map(|product| product.sku.clone()).collect::<Vec<_>>(),
        skus()
    );
    let filter = |category: Option<&str>, words: Option<&str>| ProductFilter {
        category: category.map(|category| category.parse().unwrap()),
        words: words.map(|words| words.parse().unwrap()),
        ..ProductFilter::default()
    };
    let none = Ok(ProductPage::default());
    let (others, things) = (filter(Some("others"), None), filter(Some("things"), Some("thin")));
    assert_eq!(shop.ordering.products(&others, None, 10, at(0)).await, none);
    let found = shop.ordering.products(&things, None, 1, at(0)).await.unwrap();
    assert_eq!(found.products, all[..1]);
    let rest = shop
        .ordering
        .products(&things, found.next.as_ref(), 1, at(0))
        .await
        .unwrap();
    assert_eq!((rest.products.as_slice(), rest.next), (&all[1..], None));
    assert_eq!(
        shop.ordering
            .product(sku, at(0))
            .await
            .unwrap()
            .unwrap()
            .available,
        100
    );

    let running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    shop.submit(guest(1), "k").await;
    eventually("the order to be stored", async || {
        (shop.stored().await == 0).then_some(())
    })
    .await;
    drop(running);
    let fresh = shop.ordering.product(sku, at(10)).await.unwrap().unwrap();
    assert_eq!(fresh.available, 99, "what is sold is seen within seconds");

    shop.postgres.set(Mode::Refuse);
    let stale = shop.ordering.product(sku, at(100)).await.unwrap().unwrap();
    assert_eq!(stale, fresh);
    let searched = shop.ordering.products(&things, None, 1, at(100)).await;
    assert_eq!(searched, Ok(found), "what was found is shown as it was");
    assert!(
        shop.ordering
            .product(&"unseen".parse().unwrap(), at(100))
            .await
            .is_err()
    );
}
