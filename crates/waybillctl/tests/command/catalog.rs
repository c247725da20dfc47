//! Products.

use crate::shop::Shop;

#[tokio::test]
async fn the_seed_catalog_is_added_once() {
    let shop = Shop::open().await;
    assert_eq!(
        shop.good(&["seed"]).await,
        "30 products added, 0 were there already\n"
    );
    assert_eq!(
        shop.good(&["seed"]).await,
        "the 30 products of the seed catalog are there already\n"
    );
    let products = shop.json(&["products", "list"]).await;
    assert_eq!(products.as_array().unwrap().len(), 30);
    let teas = shop.json(&["products", "list", "--category", "tea"]).await;
    assert_eq!(teas.as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn a_seed_without_a_processor_says_what_is_missing() {
    let shop = Shop::unattended().await;
    let said = shop.bad(&["seed", "--timeout", "300ms"]).await;
    assert!(
        said.contains("only 0 of 30") && said.contains("is order-processor running?"),
        "{said}"
    );
}

#[tokio::test]
async fn a_product_is_added_priced_and_stocked() {
    let shop = Shop::open().await;
    let add = [
        "products",
        "add",
        "assam",
        "--name",
        "Assam",
        "--category",
        "tea",
        "--price",
        "2.50",
        "--stock",
        "5",
    ];
    assert_eq!(
        shop.good(&add).await,
        "assam: 2.50 EUR each, 5 available (version 1)\n"
    );
    assert!(shop.bad(&add).await.contains("for sale already"));
    assert_eq!(
        shop.good(&["products", "price", "assam", "3"]).await,
        "assam: 3.00 EUR each, 5 available (version 2)\n"
    );
    assert!(
        shop.bad(&["products", "price", "assam", "4", "--version", "1"])
            .await
            .contains("edited meanwhile")
    );
    assert!(
        shop.bad(&["products", "price", "assam", "4,5"])
            .await
            .contains("write it like")
    );
    assert!(
        shop.bad(&["products", "stock", "assam", "-6"])
            .await
            .contains("fewer units")
    );
    assert!(
        shop.bad(&["products", "stock", "earl-grey", "6"])
            .await
            .contains("there is no product earl-grey")
    );

    // One key, one command: the second run reports what the first one did.
    for _ in 0..2 {
        let stocked = shop
            .json(&["products", "stock", "assam", "-2", "--key", "recount"])
            .await;
        assert_eq!(
            (stocked["available"].as_i64(), stocked["by"].as_str()),
            (Some(3), Some("staff:operator"))
        );
    }
    let shown = shop.good(&["products", "show", "assam"]).await;
    assert!(shown.contains("price:") && shown.contains("3.00 EUR"), "{shown}");
}
