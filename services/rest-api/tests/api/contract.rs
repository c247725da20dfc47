//! The contract as it is served, and what it says of routes held against what they do.

use reqwest::Method;
use serde_json::Value;

use crate::answer::Answer;
use crate::support::{Api, Guest};

fn committed() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap()
}

#[tokio::test]
async fn the_contract_is_served_and_known_by_its_tag() {
    let api = Api::start().await;
    let answer = api.get("/openapi.json").await;
    assert_eq!((answer.status, answer.text == committed()), (200, true));
    assert_eq!(answer.header("content-type"), "application/json");
    let again = api.request(Method::GET, "/openapi.json");
    let again = Answer::of(again.header("if-none-match", answer.header("etag"))).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    api.close().await;
}

#[tokio::test]
async fn every_address_takes_the_methods_that_are_described_and_no_other() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let document: Value = serde_json::from_str(&committed()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let address = path.replace(['{', '}'], "");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let described = !item[method.to_lowercase()].is_null();
            let request = guest.request(Method::from_bytes(method.as_bytes()).unwrap(), &address);
            let answer = Answer::of(request).await;
            assert_eq!(
                answer.status != 405,
                described,
                "{method} {path}: {}",
                answer.status
            );
            let allowed = answer.header("allow");
            let allows = allowed.split(", ").any(|allowed| allowed == method);
            assert!(described || !allows, "{method} {path}: {allowed}");
        }
    }
    api.close().await;
}

#[tokio::test]
async fn the_pages_for_people_may_load_their_own_scripts_and_nothing_else_may() {
    let api = Api::start().await;
    let page = api.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(
        !page.text.contains("<script>"),
        "no script stands in the page: {}",
        page.text
    );
    for file in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-initializer.js",
        "index.css",
    ] {
        assert!(page.text.contains(file), "{file}");
        assert_eq!(api.get(&format!("/docs/{file}")).await.status, 200, "{file}");
    }
    let start = api.get("/docs/swagger-initializer.js").await;
    assert!(start.text.contains("\"/openapi.json\""), "{}", start.text);
    assert!(
        !page.text.contains("https://") && !start.text.contains("https://"),
        "nothing comes from elsewhere"
    );
    api.get("/docs/nothing.js").await.problem(404, "not-found");
    for path in ["/v1/products", "/v1/orders", "/openapi.json", "/nowhere"] {
        let policy = api.get(path).await.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{path}");
    }
    api.close().await;
}

#[tokio::test]
async fn a_problem_names_its_request() {
    let api = Api::start().await;
    let request = api
        .request(Method::GET, "/v1/orders")
        .header("x-request-id", "app-1");
    let answer = Answer::of(request).await;
    answer.problem(401, "unauthorized");
    assert_eq!(answer.json()["request_id"], "app-1");
    api.close().await;
}

#[tokio::test]
async fn what_has_happened_to_an_order_is_also_a_list() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    guest.order_in(&order, "confirmed").await;
    let events = async |after: &'static str| {
        let request = guest.request(Method::GET, &format!("{order}/events"));
        let request = request
            .header("accept", "application/json")
            .header("last-event-id", after);
        let list = Answer::of(request).await.json();
        let versions = list["events"].as_array().unwrap().iter();
        versions
            .map(|event| event["version"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(events("").await, [1, 2]);
    assert_eq!(events("1").await, [2]);
    let stranger = Guest::new(&api);
    let other = stranger.request(Method::GET, &format!("{order}/events"));
    let other = Answer::of(other.header("accept", "application/json")).await;
    other.problem(404, "not-found");
    api.close().await;
}
