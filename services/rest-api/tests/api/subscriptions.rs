//! Browsers that want to be told.

use reqwest::Method;
use serde_json::{Value, json};
use storage::{Channel, Platform};

use crate::answer::Answer;
use crate::support::{Api, Guest};

/// As `PushSubscription.toJSON` gives it, with the keys of RFC 8291, section 5.
pub(crate) fn subscription() -> Value {
    json!({
        "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "expirationTime": null,
        "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
    })
}

async fn put(guest: &Guest<'_>, channel: &Value) -> Answer {
    let path = format!("/v1/installations/{}", chassis::clock::random_id());
    let body = json!({ "app": "shop", "platform": "webpush", "channel": channel });
    Answer::of(guest.request(Method::PUT, &path).json(&body)).await
}

#[tokio::test]
async fn a_browser_registers_what_it_was_given() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let created = put(&guest, &subscription()).await;
    assert_eq!(created.status, 201, "{created:?}");
    let mut kept = subscription();
    kept.as_object_mut().unwrap().remove("expirationTime");
    assert_eq!(created.json()["channel"], kept);
    assert_eq!(
        guest.get("/v1/installations").await.json()["installations"][0]["channel"],
        kept
    );
    let stored = api.storage.installations_of(&[guest.customer()]).await.unwrap();
    assert_eq!(stored[0].platform, Platform::WebPush);
    assert!(matches!(&stored[0].channel, Channel::WebPush { endpoint, .. } if *endpoint == kept["endpoint"]));
    api.close().await;
}

#[tokio::test]
async fn what_leads_inside_or_can_not_be_encrypted_for_is_refused_by_its_field() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let with = |pointer: &str, value: Value| {
        let mut subscription = subscription();
        *subscription.pointer_mut(pointer).unwrap() = value;
        subscription
    };
    for (channel, error) in [
        (
            with("/endpoint", json!("http://push.example.org/x")),
            "/channel/endpoint: must be an https",
        ),
        (
            with("/endpoint", json!("https://127.0.0.1/x")),
            "/channel/endpoint: must be an https",
        ),
        (
            with("/endpoint", json!("https://[::1]/x")),
            "/channel/endpoint: must be an https",
        ),
        (
            with("/endpoint", json!("https://localhost/x")),
            "/channel/endpoint: must be an https",
        ),
        (
            with("/endpoint", json!("https://push.example.org:8083/x")),
            "/channel/endpoint: must be an https",
        ),
        (
            with("/keys/p256dh", json!("BAAA")),
            "/channel/keys/p256dh: must be an uncompressed point",
        ),
        (
            with("/keys/auth", json!("AAAA")),
            "/channel/keys/auth: must be 16 bytes",
        ),
        (with("/keys/auth", json!(16)), "/channel/keys/auth: invalid type"),
        (with("/keys", json!({})), "/channel/keys: missing field `p256dh`"),
        (
            with("/expirationTime", json!("soon")),
            "/channel/expirationTime: invalid type",
        ),
        (
            json!({ "token": "0a".repeat(32) }),
            "/channel/token: unknown field",
        ),
    ] {
        let fields = put(&guest, &channel).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with(error),
            "{channel}: {fields:?}"
        );
    }
    api.close().await;
}

#[tokio::test]
async fn the_key_to_subscribe_for_is_given_to_everyone() {
    let key = subscription()["keys"]["p256dh"].as_str().unwrap().to_owned();
    let flag = format!("--webpush-public-key={key}");
    let api = Api::start_with(&[&flag]).await;
    let answer = api.get("/v1/push/keys").await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "webpush": key })));
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    api.close().await;

    let without = Api::start().await;
    assert_eq!(
        without.get("/v1/push/keys").await.json(),
        json!({ "webpush": null })
    );
    without.close().await;
}
