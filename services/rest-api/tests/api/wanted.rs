//! What customers want to hear of.

use reqwest::Method;
use serde_json::{Value, json};
use storage::wishes::MOST;
use storage::{Wish, Wished};

use crate::answer::Answer;
use crate::member::Member;
use crate::support::{Api, Guest};

const CHEAP_TEA: &str = "price_minor < 2000 AND category IN ('tea', 'cups')";

async fn wish(guest: &Guest<'_>, key: &str, body: &Value) -> Answer {
    guest.post("/v1/wishes", key, body).await
}

async fn remove(guest: &Guest<'_>, path: &str) -> Answer {
    Answer::of(guest.request(Method::DELETE, path)).await
}

/// The conditions of all wishes, page by page.
async fn listed(guest: &Guest<'_>, limit: u32) -> Vec<Value> {
    let (mut found, mut path) = (Vec::new(), format!("/v1/wishes?limit={limit}"));
    loop {
        let page = guest.get(&path).await.json();
        let wishes = page["wishes"].as_array().unwrap();
        found.extend(wishes.iter().map(|wish| wish["condition"].clone()));
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        path = format!("/v1/wishes?limit={limit}&cursor={next}");
    }
}

#[tokio::test]
async fn a_wish_is_made_once_read_listed_and_taken_back() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let tea = json!({ "topic": "catalog.restocked", "condition": CHEAP_TEA });
    let made = wish(&guest, "k", &tea).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = made.header("location");
    let shown = made.json();
    assert_eq!(path, format!("/v1/wishes/{}", shown["id"].as_str().unwrap()));
    assert_eq!(
        (&shown["topic"], &shown["condition"], &shown["known"]),
        (&tea["topic"], &tea["condition"], &json!(true))
    );
    assert_eq!(made.header("idempotent-replayed"), "");
    let again = wish(&guest, "k", &tea).await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed"), again.json()),
        (201, "true".to_owned(), shown.clone())
    );
    wish(&guest, "k", &json!({ "topic": "catalog.restocked" }))
        .await
        .problem(422, "idempotency-key-reused");
    let keyless = guest.request(Method::POST, "/v1/wishes").json(&tea);
    Answer::of(keyless).await.problem(400, "idempotency-key-missing");

    let all = wish(
        &guest,
        "all",
        &json!({ "topic": "order.shipped", "condition": null }),
    )
    .await;
    assert_eq!(all.json()["condition"], Value::Null);
    assert_eq!(listed(&guest, 1).await, [Value::Null, json!(CHEAP_TEA)]);
    let read = guest.get(&path).await;
    assert_eq!(
        (read.json(), read.header("cache-control").as_str()),
        (shown, "private, no-store")
    );
    assert_eq!(remove(&guest, &path).await.status, 204);
    remove(&guest, &path).await.problem(404, "not-found");
    guest.get(&path).await.problem(404, "not-found");
    guest.get("/v1/wishes/x").await.problem(404, "not-found");
    assert_eq!(listed(&guest, 10).await, [Value::Null]);
    let wrong = guest.get("/v1/wishes?cursor=eA").await;
    assert_eq!(
        wrong.fields(),
        ["/cursor: must be a `next` of an earlier page by the same filters"]
    );
    api.close().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_wish_is_said_with_its_place() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let refused = async |topic: &str, condition: &str| {
        let body = json!({ "topic": topic, "condition": condition });
        wish(&guest, "k", &body).await
    };
    let answer = refused("catalog.restocked", "sku = 'a'\n AND category = upper('tea')").await;
    assert_eq!(
        answer.fields(),
        ["/condition: line 2, column 17: functions can't be used in a condition"]
    );
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("line 2, column 17"), "{detail}");
    let price = refused("catalog.restocked", "price < 2000")
        .await
        .fields()
        .remove(0);
    assert!(
        price.starts_with("/condition: ") && price.contains("price_minor"),
        "{price}"
    );
    let shop = refused("catalog.added", "by = 'staff:ines'")
        .await
        .fields()
        .remove(0);
    assert!(shop.contains("has the property by"), "{shop}");
    let nul = refused("catalog.added", "name = 'a\0'").await.fields();
    assert_eq!(nul, ["/condition: must not have the character U+0000"]);
    for topic in ["push.sent", "catalog", "catalog.Restocked", "catalog.refused", ""] {
        let fields = refused(topic, "sku = 'a'").await.fields();
        assert!(
            fields[0].starts_with("/topic: ") && fields[0].contains("catalog.restocked, "),
            "{fields:?}"
        );
    }
    let long = format!("sku = '{}'", "a".repeat(1100));
    let fields = refused("catalog.added", &long).await.fields();
    assert!(fields[0].contains("1024"), "{fields:?}");
    let odd = wish(&guest, "k", &json!({ "topic": "catalog.added", "sku": "a" })).await;
    assert!(odd.fields()[0].starts_with("/sku: unknown field"), "{odd:?}");
    // Nothing happens under this name yet; it is taken, and said.
    let to_come = refused("catalog.discounted", "percent > 20").await;
    assert_eq!((to_come.status, &to_come.json()["known"]), (201, &json!(false)));
    api.close().await;
}

#[tokio::test]
async fn nobody_has_more_wishes_than_there_may_be() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    for number in 0..MOST {
        let stored = Wish {
            id: domain::WishId(chassis::clock::random_id()),
            customer: guest.customer(),
            topic: "catalog.added".into(),
            condition: Some(format!("available > {number}")),
            created_at: chassis::clock::now(),
        };
        assert_eq!(api.storage.add_wish(&stored, &[]).await.unwrap(), Wished::Added);
    }
    let full = wish(&guest, "k", &json!({ "topic": "catalog.added" })).await;
    let problem = full.problem(409, "too-many-wishes");
    assert_eq!(problem["detail"], "A customer has at most 200 wishes.");
    assert_eq!(listed(&guest, 100).await.len(), 200);
    let other = Guest::new(&api);
    assert_eq!(
        wish(&other, "k", &json!({ "topic": "catalog.added" }))
            .await
            .status,
        201
    );
    api.close().await;
}

#[tokio::test]
async fn an_account_has_the_wishes_of_the_guest_that_its_owner_was() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let path = wish(&guest, "k", &json!({ "topic": "catalog.added" }))
        .await
        .header("location");
    let ada = Member::sign_up(&api, "ada@example.org", Some(&guest)).await;
    let own = wish(&ada.shopper(), "k", &json!({ "topic": "catalog.added" })).await;
    assert_ne!(own.header("location"), path, "a key is its customer's");
    assert_eq!(listed(&ada.shopper(), 10).await.len(), 2);
    assert_eq!(listed(&guest, 10).await.len(), 1, "and not the other way round");
    let stranger = Guest::new(&api);
    stranger.get(&path).await.problem(404, "not-found");
    remove(&stranger, &path).await.problem(404, "not-found");
    assert_eq!(remove(&ada.shopper(), &path).await.status, 204);
    api.close().await;
}
