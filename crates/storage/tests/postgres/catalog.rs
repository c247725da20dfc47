//! Products and the commands on them.

use std::collections::BTreeSet;

use domain::catalog::ChangePrice;
use domain::{CatalogAction, CommandId, Money, Version};
use storage::{ProductFilter, ProductPlace, StorageError};

use crate::shop::{Shop, at, customer, key, sku, submit};

#[tokio::test]
async fn products_are_listed_in_sku_order_by_category_and_page() {
    let shop = Shop::open().await;
    for (name, category) in [
        ("cup", "cups"),
        ("assam", "tea"),
        ("sencha", "tea"),
        ("earl-grey", "tea"),
    ] {
        shop.add(name, category, 1).await;
    }
    let names = async |category: Option<&str>, after: Option<&str>, limit| {
        let filter = ProductFilter {
            category: category.map(|category| category.parse().unwrap()),
            ..ProductFilter::default()
        };
        let after = after.map(|after| ProductPlace {
            rank: 0,
            sku: sku(after),
        });
        let page = shop
            .storage
            .products(&filter, after.as_ref(), limit)
            .await
            .unwrap();
        page.products
            .into_iter()
            .map(|product| product.sku.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(None, None, 10).await,
        ["assam", "cup", "earl-grey", "sencha"]
    );
    assert_eq!(names(Some("tea"), None, 2).await, ["assam", "earl-grey"]);
    assert_eq!(names(Some("tea"), Some("earl-grey"), 2).await, ["sencha"]);
    assert!(shop.storage.product(&sku("none")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_price_edit_raises_the_version_and_leaves_the_stock() {
    let shop = Shop::with_product("assam", 5).await;
    let price = Money::new(300, "EUR".parse().unwrap());
    let edit = || {
        CatalogAction::Price(ChangePrice {
            price,
            version: Version::FIRST,
        })
    };
    shop.ask("assam", "p", edit()).await.unwrap();
    let product = shop.storage.product(&sku("assam")).await.unwrap().unwrap();
    assert_eq!(
        (product.version, product.price, product.available),
        (Version(2), price, 5)
    );

    // Of a version that is gone: refused, and noted.
    let refused = shop.ask("assam", "q", edit()).await.unwrap();
    assert!(refused.product.is_none());
    let id = CommandId::for_product(&sku("assam"), &key("q"));
    let events = shop.storage.catalog_events(&[id]).await.unwrap();
    assert_eq!((events.len(), events[0].verb.as_str()), (1, "refused"));
}

#[tokio::test]
async fn a_redelivered_stock_command_counts_once() {
    let shop = Shop::with_product("assam", 5).await;
    let first = shop.stock("assam", "s", 7).await.unwrap();
    let again = shop.stock("assam", "s", 7).await;
    assert!(matches!(&again, Err(StorageError::Exists(_))), "{again:?}");
    let mut transaction = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    assert_eq!(
        transaction.handled_product(first.event.command).await.unwrap(),
        Some(first.event)
    );
    drop(transaction);
    let product = &shop.storage.audit().await.unwrap().products[0];
    assert_eq!((product.available, product.ledger), (12, 12));
}

#[tokio::test]
async fn a_product_is_added_once_even_at_the_same_time() {
    let shop = Shop::open().await;
    let both = tokio::join!(shop.add("assam", "tea", 5), shop.add("cup", "cups", 5));
    assert!(both.0.product.is_some() && both.1.product.is_some());
    let mut transaction = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let mut late = shop.add("sencha", "tea", 9).await;
    // Another command, decided before the first was stored.
    late.event.command = CommandId::for_product(&sku("sencha"), &key("other"));
    late.stock.as_mut().unwrap().command = late.event.command;
    let failed = transaction.write_product(&late).await;
    assert!(matches!(&failed, Err(StorageError::Exists(_))), "{failed:?}");
    drop(transaction);
    assert_eq!(
        shop.storage
            .product(&sku("sencha"))
            .await
            .unwrap()
            .unwrap()
            .available,
        9
    );
}

#[tokio::test]
async fn staff_and_orders_share_one_ledger() {
    let shop = Shop::with_product("assam", 5).await;
    shop.handle(vec![submit(customer(1), "a", &[("assam", 2)], at(0))], at(1))
        .await
        .unwrap();
    shop.stock("assam", "s", -1).await.unwrap();
    let product = &shop.storage.audit().await.unwrap().products[0];
    assert_eq!((product.available, product.put_in, product.sold), (2, 4, 2));
}
