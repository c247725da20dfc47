//! The catalog, searched and filtered.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::support::{Api, Guest};

/// The SKUs of a list, read to its end in pages of `limit`.
async fn found(api: &Api, query: &str, limit: usize) -> Vec<String> {
    let (mut skus, mut next) = (Vec::new(), String::new());
    loop {
        let page = api
            .get(&format!("/v1/products?limit={limit}&{query}{next}"))
            .await
            .json();
        let products = page["products"].as_array().unwrap();
        assert!(products.len() <= limit);
        skus.extend(
            products
                .iter()
                .map(|product| product["sku"].as_str().unwrap().to_owned()),
        );
        let Value::String(cursor) = &page["next"] else {
            return skus;
        };
        assert_eq!(products.len(), limit, "only the last page is not full");
        next = format!("&cursor={cursor}");
    }
}

#[tokio::test]
async fn products_are_found_by_their_words() {
    let api = Api::start().await;
    for (query, skus) in [
        ("q=honey", &["honey-acacia"][..]),
        ("q=HON", &["honey-acacia"]),
        (
            "q=teapots",
            &[
                "teapot-cast-iron",
                "teapot-glass-sieve",
                "kettle-gooseneck",
                "kyusu-red-clay",
                "tea-filter-cotton",
            ],
        ),
        ("q=steel+mug", &["travel-mug-steel"]),
        ("q=a+steel+mug!", &["travel-mug-steel"]),
        ("q=72", &["chocolate-dark-72"]),
        ("q=steel&category=pens", &["fountain-pen-steel"]),
        (
            "q=tea&price_max=750&currency=EUR&available=true",
            &["tea-filter-cotton", "peppermint-leaf", "rooibos-orange"],
        ),
        ("q=caviar", &[]),
        ("q=%21%3F", &[]),
        ("q='%20%7C%20!%3A*%20%26(", &[]),
    ] {
        let mut all = found(&api, query, 100).await;
        assert_eq!(found(&api, query, 2).await, all, "{query}: the same in pages");
        if query.contains("tea") {
            // How well each fits is Postgres' to say.
            assert_eq!(all[0], skus[0], "{query}");
            all.sort();
            let mut skus = skus.to_vec();
            skus.sort_unstable();
            assert_eq!(all, skus, "{query}");
        } else {
            assert_eq!(all, skus, "{query}");
        }
    }
    api.close().await;
}

#[tokio::test]
async fn what_is_filtered_and_sorted_out_is_the_same_in_pages() {
    let api = Api::start().await;
    let all = api.get("/v1/products?limit=100").await.json();
    let all = all["products"].as_array().unwrap();
    let matching = |fits: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let fitting = all.iter().filter(|product| fits(product));
        fitting
            .map(|product| product["sku"].as_str().unwrap().to_owned())
            .collect()
    };
    let price = |product: &Value| product["price"]["minor"].as_i64().unwrap();
    let between = matching(&|product| (890..=1590).contains(&price(product)));
    assert_eq!(
        found(&api, "price_min=890&price_max=1590&currency=EUR", 3).await,
        between
    );
    assert_eq!(
        found(&api, "price_min=890&price_max=1590&currency=JPY", 3).await,
        Vec::<String>::new()
    );
    assert_eq!(found(&api, "currency=EUR", 7).await.len(), 30);
    assert_eq!(found(&api, "available=false", 7).await, Vec::<String>::new());
    let teas = matching(&|product| product["category"] == "tea" && price(product) >= 1000);
    assert_eq!(
        found(&api, "category=tea&price_min=1000&currency=EUR&available=true", 2).await,
        teas
    );
    api.close().await;
}

#[tokio::test]
async fn what_is_sold_out_is_told_apart() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let path = guest.order("kyusu-red-clay", 18).await;
    guest.order_in(&path, "confirmed").await;
    devstack::testing::eventually("it to be sold out", async || {
        let gone = found(&api, "available=false&q=kyusu", 10).await;
        (gone == ["kyusu-red-clay"]).then_some(())
    })
    .await;
    assert_eq!(found(&api, "available=true", 10).await.len(), 29);
    assert_eq!(
        found(&api, "available=true&q=kyusu", 10).await,
        Vec::<String>::new()
    );
    api.close().await;
}

#[tokio::test]
async fn a_cursor_leads_on_through_its_own_filters_alone() {
    let api = Api::start().await;
    let queries = [
        "",
        "q=tea",
        "q=te",
        "category=tea",
        "currency=EUR",
        "available=true",
        "price_min=1&currency=EUR",
        "price_max=9999&currency=EUR",
    ];
    for of in queries {
        let page = api.get(&format!("/v1/products?limit=2&{of}")).await.json();
        let cursor = page["next"].as_str().unwrap();
        for to in queries {
            let answer = api
                .get(&format!("/v1/products?limit=3&cursor={cursor}&{to}"))
                .await;
            if of == to {
                assert_eq!(answer.status, 200, "{of}: of another length");
            } else {
                let refused = "/cursor: must be a `next` of an earlier page by the same filters";
                assert_eq!(answer.fields(), [refused], "{of} {to}");
            }
        }
    }
    api.close().await;
}

#[tokio::test]
async fn each_search_has_an_answer_and_a_tag_of_its_own() {
    let api = Api::start().await;
    let mut tags = Vec::new();
    for query in [
        "q=tea",
        "q=honey",
        "q=tea&available=true&category=tea",
        "category=tea",
    ] {
        let path = format!("/v1/products?{query}");
        let first = api.get(&path).await;
        assert_eq!(first.header("cache-control"), "public, max-age=10");
        let tag = first.header("etag");
        let again = Answer::of(api.request(Method::GET, &path).header("if-none-match", &tag)).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{query}");
        assert_eq!(api.get(&path).await.text, first.text);
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
    api.close().await;
}

#[tokio::test]
async fn what_is_searched_for_wrongly_is_named() {
    let api = Api::start().await;
    let long = format!("q={}", "x".repeat(101));
    let amount = "must be a whole number of minor units, from 0";
    for (query, fields) in [
        (
            long.as_str(),
            &["/q: must have at most 100 characters".to_owned()][..],
        ),
        ("q=", &["/q: must not be empty".to_owned()]),
        ("q=a%00", &["/q: must not contain control characters".to_owned()]),
        ("price_min=-1&currency=EUR", &[format!("/price_min: {amount}")]),
        ("price_max=1.5&currency=EUR", &[format!("/price_max: {amount}")]),
        (
            "price_min=%2B1&price_max=9223372036854775808&currency=EUR",
            &[format!("/price_min: {amount}"), format!("/price_max: {amount}")],
        ),
        (
            "price_min=1",
            &["/currency: must be named with price_min and price_max".to_owned()],
        ),
        (
            "price_min=2&price_max=1&currency=EUR",
            &["/price_max: must not be less than price_min".to_owned()],
        ),
        (
            "currency=eur",
            &["/currency: must be an ISO 4217 code such as EUR".to_owned()],
        ),
        ("available=1", &["/available: must be true or false".to_owned()]),
    ] {
        assert_eq!(
            api.get(&format!("/v1/products?{query}")).await.fields(),
            fields,
            "{query}"
        );
    }
    assert_eq!(
        api.get("/v1/products?q=a&q=b").await.fields(),
        [": duplicate field `q`"]
    );
    let exact = format!("/v1/products?q={}", "%C3%A4".repeat(100));
    assert_eq!(api.get(&exact).await.json()["products"], json!([]));
    api.close().await;
}
