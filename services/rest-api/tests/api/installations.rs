//! Devices that want to be told.

use domain::InstallationId;
use reqwest::Method;
use serde_json::{Value, json};
use storage::Channel;

use crate::answer::Answer;
use crate::support::{Api, Guest};

async fn put(guest: &Guest<'_>, id: InstallationId, body: &Value) -> Answer {
    let path = format!("/v1/installations/{id}");
    Answer::of(guest.request(Method::PUT, &path).json(body)).await
}

fn new_id() -> InstallationId {
    InstallationId(chassis::clock::random_id())
}

fn phone() -> Value {
    json!({ "app": "org.example.shop", "platform": "apns", "channel": { "token": "0a".repeat(32) } })
}

#[tokio::test]
async fn a_device_is_registered_and_replaced() {
    let api = Api::start().await;
    let (guest, id) = (Guest::new(&api), new_id());
    let created = put(&guest, id, &phone()).await;
    assert_eq!(created.status, 201, "{created:?}");
    let body = created.json();
    assert_eq!(
        (&body["id"], &body["environment"], &body["locale"]),
        (&json!(id), &json!("production"), &json!("en"))
    );
    assert_eq!(body["channel"], phone()["channel"]);
    assert!(body.get("customer").is_none());
    assert_eq!(put(&guest, id, &phone()).await.status, 200, "again is no other");

    let mut other = phone();
    other["platform"] = json!("fcm");
    other["channel"] = json!({ "kind": "fid", "value": "a-firebase-id" });
    other["environment"] = json!("development");
    other["locale"] = json!("de-AT");
    assert_eq!(put(&guest, id, &other).await.status, 200);
    let stored = api.storage.installations_of(&[guest.customer()]).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].locale.as_str(), stored[0].environment.as_str()),
        ("de-AT", "development")
    );
    assert!(matches!(&stored[0].channel, Channel::Fcm { value, .. } if value == "a-firebase-id"));
    api.close().await;
}

#[tokio::test]
async fn own_devices_are_listed_read_and_forgotten_and_those_of_others_are_not() {
    let api = Api::start().await;
    let (one, other) = (Guest::new(&api), Guest::new(&api));
    let id = new_id();
    let created = put(&one, id, &phone()).await.json();
    let path = format!("/v1/installations/{id}");
    assert_eq!(
        one.get("/v1/installations").await.json(),
        json!({ "installations": [created] })
    );
    assert_eq!(one.get(&path).await.json(), created);
    assert_eq!(
        other.get("/v1/installations").await.json(),
        json!({ "installations": [] })
    );
    let remove = async |guest: &Guest<'_>| Answer::of(guest.request(Method::DELETE, &path)).await;
    other.get(&path).await.problem(404, "not-found");
    remove(&other).await.problem(404, "not-found");
    assert_eq!(remove(&one).await.status, 204);
    one.get(&path).await.problem(404, "not-found");
    remove(&one).await.problem(404, "not-found");
    for method in [Method::GET, Method::DELETE] {
        let odd = Answer::of(one.request(method.clone(), "/v1/installations/x")).await;
        odd.problem(404, "not-found");
        Answer::of(api.request(method, &path))
            .await
            .problem(401, "unauthorized");
    }
    api.close().await;
}

#[tokio::test]
async fn a_device_that_changes_hands_moves() {
    let api = Api::start().await;
    let (one, other) = (Guest::new(&api), Guest::new(&api));
    let id = new_id();
    assert_eq!(put(&one, id, &phone()).await.status, 201);
    assert_eq!(put(&other, id, &phone()).await.status, 200);
    assert!(
        api.storage
            .installations_of(&[one.customer()])
            .await
            .unwrap()
            .is_empty()
    );

    let reinstalled = new_id();
    assert_eq!(
        put(&one, reinstalled, &phone()).await.status,
        201,
        "the same channel under another id"
    );
    assert!(api.storage.installation(id).await.unwrap().is_none());
    assert!(
        api.storage
            .installations_of(&[other.customer()])
            .await
            .unwrap()
            .is_empty()
    );

    let mut elsewhere = phone();
    elsewhere["app"] = json!("org.example.staff");
    assert_eq!(
        put(&other, new_id(), &elsewhere).await.status,
        201,
        "another app may have the same channel"
    );
    assert_eq!(
        api.storage
            .installations_of(&[one.customer()])
            .await
            .unwrap()
            .len(),
        1
    );
    api.close().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let body = json!({
        "app": "", "platform": "apns", "environment": "staging", "locale": "en_US", "channel": { "token": "xyz" },
    });
    assert_eq!(
        put(&guest, new_id(), &body).await.fields(),
        [
            "/app: must be 1 to 60 letters, digits, dots, hyphens and underscores",
            "/environment: must be production or development",
            "/locale: must be a language tag such as en or de-AT",
            "/channel/token: must be 64 to 200 hexadecimal digits",
        ]
    );
    let with = |field: &str, value: Value| {
        let mut body = phone();
        body[field] = value;
        body
    };
    for (body, error) in [
        (
            with("platform", json!("pager")),
            "/platform: unknown variant `pager`, expected one of `apns`, `fcm`, `wns`, `webpush`",
        ),
        (with("platform", json!(1)), "/platform: "),
        (with("app", json!("a b")), "/app: "),
        (with("app", json!("x".repeat(61))), "/app: "),
        (with("app", json!("\u{e4}")), "/app: "),
        (with("locale", json!("")), "/locale: "),
        (with("state", json!("active")), "/state: unknown field `state`"),
        (
            with("customer", json!("guest:x")),
            "/customer: unknown field `customer`",
        ),
        (with("channel", json!("0a")), "/channel: must be a JSON object"),
        (with("channel", json!(null)), "/channel: must be a JSON object"),
        (with("channel", json!({})), "/channel: missing field `token`"),
        (
            with("channel", json!({ "token": 5 })),
            "/channel/token: invalid type",
        ),
        (
            with("channel", json!({ "token": "0a".repeat(101) })),
            "/channel/token: must be",
        ),
        (
            with("channel", json!({ "token": "../".repeat(30) })),
            "/channel/token: must be",
        ),
        (
            with("channel", json!({ "token": "0a".repeat(32), "uri": "x" })),
            "/channel/uri: unknown field",
        ),
        (
            json!({ "app": "a", "platform": "apns" }),
            ": missing field `channel`",
        ),
        (json!([]), ": "),
    ] {
        let fields = put(&guest, new_id(), &body).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with(error),
            "{body}: {fields:?}"
        );
    }
    for id in ["x", "1", "00000000-0000-0000-0000-00000000000g"] {
        let request = guest
            .request(Method::PUT, &format!("/v1/installations/{id}"))
            .json(&phone());
        Answer::of(request).await.problem(404, "not-found");
    }
    let text = guest
        .request(Method::PUT, &format!("/v1/installations/{}", new_id()))
        .body("{}");
    Answer::of(text).await.problem(415, "unsupported-media-type");
    assert!(
        api.storage
            .installations_of(&[guest.customer()])
            .await
            .unwrap()
            .is_empty(),
        "nothing was registered"
    );
    api.close().await;
}

#[tokio::test]
async fn only_channels_of_the_providers_are_taken() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let device =
        |platform: &str, channel: Value| json!({ "app": "a", "platform": platform, "channel": channel });
    for uri in [
        "http://db5.notify.windows.com/?token=a",
        "https://db5.notify.windows.com:444/",
        "https://user@db5.notify.windows.com/",
        "https://notify.windows.com.evil.example/",
        "https://evil.example/?notify.windows.com",
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://evilnotify.windows.com/",
        "//notify.windows.com/",
        "https:// notify.windows.com/",
        "",
    ] {
        let refused = put(&guest, new_id(), &device("wns", json!({ "uri": uri }))).await;
        assert_eq!(
            refused.fields(),
            ["/channel/uri: must be an https address at notify.windows.com, without port or user"],
            "{uri}"
        );
    }
    for channel in [
        json!({ "kind": "topic", "value": "0123456789" }),
        json!({ "kind": "token", "value": "short" }),
        json!({ "kind": "token", "value": "with a space" }),
        json!({ "kind": "token", "value": "x".repeat(4097) }),
        json!({ "value": "0123456789" }),
    ] {
        let fields = put(&guest, new_id(), &device("fcm", channel)).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with("/channel"),
            "{fields:?}"
        );
    }
    // What Postgres can't keep as it was sent is kept as it was understood.
    let odd = device(
        "wns",
        json!({ "uri": "https://DB5.notify.windows.com/?token=\u{0}a\tb" }),
    );
    let taken = put(&guest, new_id(), &odd).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    assert_eq!(
        taken.json()["channel"]["uri"],
        "https://db5.notify.windows.com/?token=%00ab"
    );
    let token = device("fcm", json!({ "kind": "token", "value": "x".repeat(4096) }));
    assert_eq!(put(&guest, new_id(), &token).await.status, 201);
    api.close().await;
}
