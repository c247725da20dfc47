//! A guest's orders, page by page.

use devstack::testing::eventually;
use serde_json::{Value, json};

use crate::support::{Api, Guest};

#[tokio::test]
async fn the_list_goes_on_where_the_page_ends() {
    let mut api = Api::start().await;
    api.start_processor();
    let guest = Guest::new(&api);
    let mut paths = Vec::new();
    for _ in 0..5 {
        paths.push(guest.order("chocolate-dark-72", 1).await);
    }
    for path in &paths {
        guest.order_in(path, "confirmed").await;
    }
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let answer = guest.get(&format!("/v1/orders?limit=2{next}")).await;
        assert_eq!(answer.header("cache-control"), "private, no-store");
        let page = answer.json();
        let ids = page["orders"].as_array().unwrap().iter();
        seen.extend(ids.map(|order| format!("/v1/orders/{}", order["id"].as_str().unwrap())));
        let Value::String(cursor) = &page["next"] else {
            break;
        };
        next = format!("&cursor={cursor}");
    }
    paths.reverse();
    assert_eq!(seen, paths, "newest first, each once");

    let confirmed = guest.get("/v1/orders?state=confirmed&limit=100").await.json();
    assert_eq!(
        (confirmed["orders"].as_array().unwrap().len(), &confirmed["next"]),
        (5, &Value::Null)
    );
    assert_eq!(
        guest.get("/v1/orders?state=cancelled").await.json()["orders"],
        json!([])
    );
    for (query, field) in [
        ("limit=0", "/limit: must be a number from 1 to 100"),
        ("limit=101", "/limit: must be a number from 1 to 100"),
        ("limit=x", "/limit: must be a number from 1 to 100"),
        ("state=nonsense", "/state: is not a state of an order"),
        ("cursor=nonsense", "/cursor: must be a `next` of an earlier page"),
        // -009999-01-02T01:59:59Z and an id: a time that Postgres would refuse.
        (
            "cursor=LTAwOTk5OS0wMS0wMlQwMTo1OTo1OVogMDAwMDAwMDAtMDAwMC04MDAwLTgwMDAtMDAwMDAwMDAwMDAw",
            "/cursor: must be a `next` of an earlier page",
        ),
        (
            "page=2",
            ": unknown field `page`, expected one of `state`, `cursor`, `limit`",
        ),
        ("limit=1&limit=2", ": duplicate field `limit`"),
    ] {
        assert_eq!(
            guest.get(&format!("/v1/orders?{query}")).await.fields(),
            [field],
            "{query}"
        );
    }
    api.close().await;
}

#[tokio::test]
async fn an_order_not_yet_processed_is_in_the_list() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    eventually("the order in the list", async || {
        let page = guest.get("/v1/orders").await.json();
        page["orders"].get(0).map(|order| {
            assert_eq!(format!("/v1/orders/{}", order["id"].as_str().unwrap()), path);
            assert_eq!(
                (&order["state"], &order["units"]),
                (&json!("submitted"), &json!(1))
            );
        })
    })
    .await;
    api.close().await;
}
