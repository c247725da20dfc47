//! A whole stack: the real services against real servers.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use devstack::proxy::Mode;
use devstack::testing::eventually;
use devstack::{Part, Stack, StackOptions};
use serde_json::{Value, json};

async fn guest(http: &reqwest::Client, api: &str) -> String {
    let answer = http
        .post(format!("{api}/v1/guest-sessions"))
        .send()
        .await
        .unwrap();
    let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

async fn order(http: &reqwest::Client, api: &str, token: &str, key: &str, sku: &str) -> String {
    let draft = json!({
        "lines": [{ "sku": sku, "quantity": 1 }],
        "contact": { "name": "Ada Guest", "email": "ada@example.org" },
        "shipping_address": { "street": "1 Main Street", "city": "Berlin", "postcode": "10115", "country": "DE" },
    });
    let request = http
        .post(format!("{api}/v1/orders"))
        .bearer_auth(token)
        .header("Idempotency-Key", key)
        .json(&draft);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap());
    answer.json::<Value>().await.unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn confirmed(stack: &Stack, id: &str) {
    eventually("the order to be confirmed", async || {
        let state = stack
            .psql(&format!(
                "SELECT document->>'state' FROM orders WHERE id = '{id}'"
            ))
            .ok()?;
        (state == "confirmed").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_survives_the_death_of_every_part() {
    let stack = Stack::start(StackOptions::for_test().unwrap().seeded())
        .await
        .unwrap();
    let sku = stack
        .psql("SELECT sku FROM products ORDER BY sku LIMIT 1")
        .unwrap();
    let http = reqwest::Client::new();
    let token = guest(&http, stack.api_url()).await;
    confirmed(
        &stack,
        &order(&http, stack.api_url(), &token, "first", &sku).await,
    )
    .await;

    stack.kill(Part::OrderProcessor).await.unwrap();
    assert_eq!(stack.id(Part::OrderProcessor).await.unwrap(), None);
    let waiting = order(&http, stack.api_url(), &token, "second", &sku).await;
    for part in [Part::Postgres, Part::Redis, Part::Nats] {
        stack.kill(part).await.unwrap();
        stack.start_part(part).await.unwrap();
    }
    stack.start_part(Part::OrderProcessor).await.unwrap();
    confirmed(&stack, &waiting).await;
    for part in Part::SERVICES {
        let status = stack.terminate(part).await.unwrap();
        assert!(
            status.is_some_and(|status| status.success()),
            "{part} ends in order on SIGTERM: {}",
            stack.log(part)
        );
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stacks_stand_side_by_side() {
    let (one, two) = (
        StackOptions::for_test().unwrap(),
        StackOptions::for_test().unwrap(),
    );
    let (one, two) = (Stack::start(one).await.unwrap(), Stack::start(two).await.unwrap());
    assert_ne!(one.api_url(), two.api_url());
    one.psql("CREATE TABLE only_here (id int)").unwrap();
    assert!(two.psql("SELECT * FROM only_here").is_err());
    let replica = one.replica(Part::RestApi).await.unwrap();
    let ready = reqwest::get(format!("{}/readyz", replica.admin_url()))
        .await
        .unwrap();
    assert!(ready.status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_reaches_a_server_through_the_proxy_between_them() {
    let options = StackOptions::for_test()
        .unwrap()
        .without(Part::PushSandbox)
        .without(Part::NotificationHub)
        .without(Part::WebFrontend)
        .through_proxy(Part::RestApi, Part::Postgres);
    let stack = Stack::start(options).await.unwrap();
    let products = format!("{}/v1/products", stack.api_url());
    let listed = async || reqwest::get(&products).await.ok().map(|answer| answer.status());
    assert_eq!(listed().await.unwrap(), 200);
    let other = format!("{}/v1/products?limit=7", stack.api_url());
    let proxy = stack.proxy(Part::RestApi, Part::Postgres).unwrap();
    proxy.set(Mode::Refuse);
    assert_eq!(reqwest::get(&other).await.unwrap().status(), 503);
    proxy.set(Mode::Pass);
    eventually("the database to be reached again", async || {
        (reqwest::get(&other).await.ok()?.status() == 200).then_some(())
    })
    .await;
    assert!(stack.proxy(Part::RestApi, Part::Nats).is_err());
}
