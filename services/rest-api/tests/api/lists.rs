//! A guest's orders, page by page.

use devstack::testing::eventually;
use serde_json::{Value, json};

use crate::support::{Api, Guest};

const NO_TIME: &str = "/updated_since: must be a time with its offset from UTC, e.g. 2026-03-02T09:00:00Z (a `+` is sent as %2B)";

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
        (
            "cursor=nonsense",
            "/cursor: must be a `next` of an earlier page by the same filters",
        ),
        ("updated_since=yesterday", NO_TIME),
        ("updated_since=2026-03-02T09:00:00", NO_TIME),
        ("updated_since=2026-03-02T09:00:00+01:00", NO_TIME),
        ("updated_since=", NO_TIME),
        // -009999-01-02T01:59:59Z and an id: a time that Postgres would refuse.
        (
            "cursor=LTAwOTk5OS0wMS0wMlQwMTo1OTo1OVogMDAwMDAwMDAtMDAwMC04MDAwLTgwMDAtMDAwMDAwMDAwMDAw",
            "/cursor: must be a `next` of an earlier page by the same filters",
        ),
        (
            "page=2",
            ": unknown field `page`, expected one of `state`, `updated_since`, `cursor`, `limit`",
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

#[tokio::test]
async fn what_changed_since_is_listed_in_pages_of_its_own() {
    let mut api = Api::start().await;
    api.start_processor();
    let guest = Guest::new(&api);
    let mut paths = Vec::new();
    for _ in 0..4 {
        let path = guest.order("chocolate-dark-72", 1).await;
        guest.order_in(&path, "confirmed").await;
        paths.push(path);
    }
    let changed = guest.order_in(&paths[1], "confirmed").await["updated_at"].clone();
    // The first one changes last.
    guest.cancel(&paths[0], "k").await;
    guest.order_in(&paths[0], "cancelled").await;
    let list = async |query: &str| {
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = guest
                .get(&format!("/v1/orders?limit=1{query}{next}"))
                .await
                .json();
            let ids = page["orders"].as_array().unwrap().iter();
            seen.extend(ids.map(|order| format!("/v1/orders/{}", order["id"].as_str().unwrap())));
            let Value::String(cursor) = &page["next"] else {
                return seen;
            };
            next = format!("&cursor={cursor}");
        }
    };
    let newest_first = |which: &[usize]| which.iter().map(|at| paths[*at].clone()).collect::<Vec<_>>();
    let since = format!("&updated_since={}", changed.as_str().unwrap());
    assert_eq!(list(&since).await, newest_first(&[3, 2, 1, 0]), "then or later");
    let later =
        changed.as_str().unwrap().parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_millis(1);
    let since = format!("&updated_since={later}");
    assert_eq!(list(&since).await, newest_first(&[3, 2, 0]));
    assert_eq!(
        list(&format!("{since}&state=cancelled")).await,
        newest_first(&[0])
    );
    assert_eq!(
        list("&updated_since=9999-12-30T22:00:00Z").await,
        Vec::<String>::new()
    );
    assert_eq!(list("&updated_since=-009999-01-02T01:59:59Z").await.len(), 4);
    let page = guest.get(&format!("/v1/orders?limit=1{since}")).await.json();
    let cursor = page["next"].as_str().unwrap();
    for other in ["", "&state=confirmed", "&updated_since=2026-01-01T00:00:00Z"] {
        assert_eq!(
            guest
                .get(&format!("/v1/orders?cursor={cursor}{other}"))
                .await
                .fields(),
            ["/cursor: must be a `next` of an earlier page by the same filters"],
            "{other}"
        );
    }
    // The same moment, written otherwise.
    let elsewhere = later.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(1)));
    let elsewhere = elsewhere
        .strftime("%Y-%m-%dT%H:%M:%S%.f%:z")
        .to_string()
        .replace('+', "%2B");
    let same = guest
        .get(&format!("/v1/orders?cursor={cursor}&updated_since={elsewhere}"))
        .await;
    assert_eq!(same.status, 200, "{same:?}");
    api.close().await;
}
