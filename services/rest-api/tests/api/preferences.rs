//! What someone wants to be told, by which way.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::member::Member;
use crate::support::{Api, Guest};

const PATH: &str = "/v1/me/preferences";

async fn put(guest: &Guest<'_>, body: &Value) -> Answer {
    Answer::of(guest.request(Method::PUT, PATH).json(body)).await
}

fn quiet() -> Value {
    let none = json!({ "push": false, "email": false });
    json!({ "orders": { "push": false, "email": true }, "wishes": none, "news": none, "locale": "de-AT" })
}

#[tokio::test]
async fn guests_and_accounts_choose_for_themselves() {
    let api = Api::start().await;
    let (one, other) = (Guest::new(&api), Guest::new(&api));
    let both = json!({ "push": true, "email": true });
    let usual = json!({ "orders": both, "wishes": both, "news": { "push": true, "email": false } });
    let first = one.get(PATH).await;
    assert_eq!((first.status, first.json()), (200, usual.clone()));
    assert_eq!(first.header("cache-control"), "private, no-store");

    for _ in 0..2 {
        let answer = put(&one, &quiet()).await;
        assert_eq!((answer.status, answer.json()), (200, quiet()));
    }
    assert_eq!(one.get(PATH).await.json(), quiet());
    assert_eq!(other.get(PATH).await.json(), usual);

    let ada = Member::sign_up(&api, "ada@example.org", None).await;
    assert_eq!(ada.get(PATH).await.json(), usual);
    assert_eq!(put(&ada.shopper(), &quiet()).await.status, 200);
    assert_eq!(ada.get(PATH).await.json(), quiet());
    assert_eq!(
        put(&one, &usual).await.json(),
        usual,
        "a language can be taken back"
    );
    api.close().await;
}

#[tokio::test]
async fn what_is_wrong_or_missing_is_named_and_nothing_changes() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    assert_eq!(put(&guest, &quiet()).await.status, 200);
    let change = |pointer: &str, value: Value| {
        let mut body = quiet();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, field) in [
        (
            change("/locale", json!("de_AT")),
            "/locale: must be a language tag",
        ),
        (change("/orders/push", json!("yes")), "/orders/push: invalid type"),
        (
            change("/news", json!({ "push": true })),
            "/news: missing field `email`",
        ),
        (json!({}), ": missing field `orders`"),
    ] {
        let fields = put(&guest, &body).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with(field),
            "{field}: {fields:?}"
        );
    }
    assert_eq!(guest.get(PATH).await.json(), quiet());
    let other = Answer::of(guest.request(Method::DELETE, PATH)).await;
    other.problem(405, "method-not-allowed");
    assert_eq!(other.header("allow"), "GET, HEAD, PUT");
    api.close().await;
}
