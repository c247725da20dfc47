//! The catalog, as apps page through it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::support::Api;

#[tokio::test]
async fn the_catalog_is_read_page_by_page() {
    let api = Api::start().await;
    let mut skus = Vec::new();
    let mut next = String::new();
    let mut pages = 0;
    loop {
        let answer = api.get(&format!("/v1/products?limit=7{next}")).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=10");
        let page = answer.json();
        let products = page["products"].as_array().unwrap();
        assert!(products.len() <= 7);
        skus.extend(
            products
                .iter()
                .map(|product| product["sku"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        let Value::String(cursor) = &page["next"] else {
            break;
        };
        next = format!("&cursor={cursor}");
    }
    assert_eq!((skus.len(), pages), (30, 5));
    assert!(skus.is_sorted_by(|a, b| a < b), "each once, in order: {skus:?}");
    let all = api.get("/v1/products?limit=30").await.json();
    assert_eq!(
        (all["products"].as_array().unwrap().len(), &all["next"]),
        (30, &Value::Null)
    );
    let first = api.get("/v1/products").await.json();
    assert_eq!(first["products"].as_array().unwrap().len(), 20);
    let cups = api.get("/v1/products?category=cups").await.json();
    assert!(
        cups["products"]
            .as_array()
            .unwrap()
            .iter()
            .all(|product| product["category"] == "cups")
    );
    assert_eq!(cups["products"].as_array().unwrap().len(), 5);
    assert_eq!(
        api.get("/v1/products?category=nothing").await.json()["products"],
        json!([])
    );
    api.close().await;
}

#[tokio::test]
async fn a_product_is_read_and_not_sent_again_to_who_has_it() {
    let api = Api::start().await;
    let path = "/v1/products/honey-acacia";
    let answer = api.get(path).await;
    let product = answer.json();
    assert_eq!(
        (
            &product["name"],
            &product["price"],
            &product["available"],
            &product["in_stock"]
        ),
        (
            &json!("Acacia Honey"),
            &json!({ "minor": 890, "currency": "EUR" }),
            &json!(90),
            &json!(true)
        )
    );
    let tag = answer.header("etag");
    let again = Answer::of(api.request(Method::GET, path).header("if-none-match", &tag)).await;
    assert_eq!(
        (again.status, again.text.as_str(), again.header("etag")),
        (304, "", tag)
    );
    let other = Answer::of(api.request(Method::GET, path).header("if-none-match", "\"0.0\"")).await;
    assert_eq!(other.status, 200);
    let head = Answer::of(api.request(Method::HEAD, path)).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    api.close().await;
}

#[tokio::test]
async fn what_is_not_sold_is_not_found() {
    let api = Api::start().await;
    for sku in [
        "no-such-thing",
        "UPPER",
        "%00",
        "%FF",
        "a%2Fb",
        "a b",
        &"x".repeat(65),
        "%F0%9F%8D%B5",
    ] {
        let answer = api.get(&format!("/v1/products/{sku}")).await;
        assert_eq!(
            answer.problem(404, "not-found"),
            json!({ "type": "/problems/not-found", "title": "There is nothing here for you", "status": 404 }),
            "{sku}"
        );
    }
    api.close().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let api = Api::start().await;
    let long = format!("category={}", "x".repeat(61));
    for (query, field) in [
        ("limit=0", "/limit: must be a number from 1 to 100"),
        ("limit=101", "/limit: must be a number from 1 to 100"),
        ("limit=-1", "/limit: must be a number from 1 to 100"),
        ("limit=", "/limit: must be a number from 1 to 100"),
        (
            "cursor=%00",
            "/cursor: must be a `next` of an earlier page by the same filters",
        ),
        (
            "cursor=YSBi",
            "/cursor: must be a `next` of an earlier page by the same filters",
        ),
        ("category=%00", "/category: must not contain control characters"),
        ("category=", "/category: must not be empty"),
        (long.as_str(), "/category: must have at most 60 characters"),
        (
            "price=1",
            ": unknown field `price`, expected one of `q`, `category`, `price_min`, `price_max`, `currency`, `available`, `cursor`, `limit`",
        ),
    ] {
        assert_eq!(
            api.get(&format!("/v1/products?{query}")).await.fields(),
            [field],
            "{query}"
        );
    }
    api.close().await;
}
