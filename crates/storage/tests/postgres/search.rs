//! The catalog, searched.

use std::collections::BTreeSet;

use domain::catalog::AddProduct;
use domain::decide::decide_product;
use domain::{Actor, CatalogAction, CatalogCommand, CommandId, Money};
use storage::ProductFilter;

use crate::shop::{Shop, at, key, sku};

async fn add(shop: &Shop, name: &str, words: [&str; 3], price: &str, stock: i64) {
    let (minor, currency) = price.split_once(' ').unwrap();
    let command = CatalogCommand {
        id: CommandId::for_product(&sku(name), &key("add")),
        sku: sku(name),
        actor: Actor::Staff("eve".into()),
        at: at(0),
        action: CatalogAction::Add(Box::new(AddProduct {
            name: words[0].parse().unwrap(),
            category: words[1].parse().unwrap(),
            description: words[2].parse().unwrap(),
            price: Money::new(minor.parse().unwrap(), currency.parse().unwrap()),
            stock,
            picture: None,
        })),
    };
    let mut transaction = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let written = decide_product(None, &command, at(0));
    transaction.write_product(&written).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn shop() -> Shop {
    let shop = Shop::open().await;
    for (sku, words, price, stock) in [
        (
            "cup",
            ["Blue Cup", "crockery", "For tea; 0.5l, dishwasher-safe."],
            "900 EUR",
            5,
        ),
        ("mug", ["Mug", "cups", "Blue as well."], "700 EUR", 0),
        ("saucer", ["Saucer", "crockery", "Below blue cups."], "300 EUR", 3),
        (
            "tin",
            [
                "Tin (tea/coffee)",
                "storage",
                "No.7 of the O'Hara's <b>bold</b> line, e-mail us@example.org",
            ],
            "900 JPY",
            9,
        ),
        (
            "tee",
            ["Grüner Tee", "Getränke", "Sänfte des Frühlings"],
            "300 EUR",
            1,
        ),
    ] {
        add(&shop, sku, words, price, stock).await;
    }
    shop
}

fn words(words: &str) -> ProductFilter {
    ProductFilter {
        words: Some(words.parse().unwrap()),
        ..ProductFilter::default()
    }
}

/// The SKUs that fit, read in pages of `limit`.
async fn found(shop: &Shop, filter: &ProductFilter, limit: u32) -> Vec<String> {
    let (mut skus, mut after) = (Vec::new(), None);
    loop {
        let page = shop
            .storage
            .products(filter, after.as_ref(), limit)
            .await
            .unwrap();
        skus.extend(page.products.iter().map(|product| product.sku.to_string()));
        after = page.next;
        if after.is_none() {
            return skus;
        }
    }
}

#[tokio::test]
async fn the_name_counts_most_then_the_category_then_the_description() {
    let shop = shop().await;
    for limit in [1, 2, 10] {
        assert_eq!(
            found(&shop, &words("cups"), limit).await,
            ["cup", "mug", "saucer"]
        );
        assert_eq!(found(&shop, &words("blu"), limit).await, ["cup", "mug", "saucer"]);
        assert_eq!(found(&shop, &words("blue cups"), limit).await[0], "cup");
    }
}

#[tokio::test]
async fn words_are_found_however_they_are_written_and_punctuated() {
    let shop = shop().await;
    for (typed, skus) in [
        ("TEA", &["tin", "cup"][..]),
        ("teas", &["tin", "cup"]),
        ("coffee", &["tin"]),
        ("tea/coffee", &["tin"]),
        ("no 7", &["tin"]),
        ("no.7", &["tin"]),
        ("o'hara", &["tin"]),
        ("bold", &["tin"]),
        ("example.org", &["tin"]),
        ("0.5l", &["cup"]),
        ("dishwasher saf", &["cup"]),
        ("cup for tea", &["cup"]),
        ("grüner t", &["tee"]),
        ("frühl", &["tee"]),
        ("cup & !blue", &["cup", "mug", "saucer"]),
        ("lue", &[]),
        ("& | ! :* ()", &[]),
        ("\u{1f375}", &[]),
        ("\\ ' \" \u{2019} \u{feff}", &[]),
    ] {
        assert_eq!(found(&shop, &words(typed), 10).await, skus, "{typed}");
    }
}

#[tokio::test]
async fn all_that_is_asked_for_has_to_fit() {
    let shop = shop().await;
    let filter = |currency: Option<&str>, min, max, available, typed: Option<&str>| ProductFilter {
        words: typed.map(|typed| typed.parse().unwrap()),
        category: None,
        currency: currency.map(|currency| currency.parse().unwrap()),
        price_min: min,
        price_max: max,
        available,
    };
    for (filter, skus) in [
        (
            filter(Some("EUR"), Some(300), Some(700), None, None),
            &["mug", "saucer", "tee"][..],
        ),
        (
            filter(Some("EUR"), None, Some(699), None, None),
            &["saucer", "tee"],
        ),
        (filter(Some("JPY"), Some(900), None, None, None), &["tin"]),
        (filter(None, None, None, Some(false), None), &["mug"]),
        (
            filter(None, None, None, Some(true), None),
            &["cup", "saucer", "tee", "tin"],
        ),
        (
            filter(Some("EUR"), None, None, Some(true), Some("cup")),
            &["cup", "saucer"],
        ),
        (
            filter(Some("EUR"), Some(301), None, Some(true), Some("cup")),
            &["cup"],
        ),
        (filter(Some("EUR"), Some(i64::MAX), None, None, Some("cup")), &[]),
    ] {
        for limit in [1, 10] {
            assert_eq!(found(&shop, &filter, limit).await, skus, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn a_list_goes_on_in_its_place_where_the_product_before_it_was_edited() {
    let shop = shop().await;
    let filter = words("cup");
    let first = shop.storage.products(&filter, None, 1).await.unwrap();
    assert_eq!(first.products[0].sku, sku("cup"));
    let renamed = "UPDATE products SET name = 'Beaker' WHERE sku = 'cup'";
    devstack::servers::postgres::psql(&shop.servers.database_url, renamed).unwrap();
    let rest = shop
        .storage
        .products(&filter, first.next.as_ref(), 10)
        .await
        .unwrap();
    let rest: Vec<_> = rest.products.iter().map(|product| product.sku.as_str()).collect();
    assert_eq!(rest, ["mug", "saucer"]);
    assert_eq!(
        found(&shop, &filter, 10).await,
        ["mug", "saucer"],
        "it is found by its new name alone"
    );
    assert_eq!(found(&shop, &words("beaker"), 10).await, ["cup"]);
}

#[tokio::test]
async fn products_are_found_by_the_index() {
    let shop = shop().await;
    let explained = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
        PREPARE search (text) AS SELECT sku FROM products,
        (SELECT to_tsquery('english', $1) || to_tsquery('simple', $1) AS query) AS asked WHERE words @@ query;
        EXPLAIN EXECUTE search ('cup')";
    let plan = devstack::servers::postgres::psql(&shop.servers.database_url, explained).unwrap();
    assert!(plan.contains("products_by_words"), "{plan}");
}
