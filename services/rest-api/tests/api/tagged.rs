//! Devices with tags, and devices whose channel ends.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::patches::Phone;
use crate::support::{Api, Guest};

#[tokio::test]
async fn a_device_has_tags_of_its_own() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let phone = Phone::new(&guest);
    let put = phone
        .put(&json!({ "tags": ["follows:sku-1", "b", "b", "a"] }))
        .await;
    assert_eq!(put.status, 201, "{put:?}");
    assert_eq!(put.json()["tags"], json!(["a", "b", "follows:sku-1"]));
    assert_eq!(phone.read().await.json(), put.json());
    assert_eq!(
        phone.put(&json!({})).await.json()["tags"],
        json!([]),
        "a whole device"
    );

    let many: Vec<_> = (0..61).map(|number| format!("t{number}")).collect();
    for (tags, errors) in [
        (json!(many), &["/tags: must have at most 60 tags"][..]),
        (
            json!(["a", "", "b c", "x".repeat(121)]),
            &[
                "/tags/1: must not be empty",
                "/tags/2: must consist of letters, digits and _ @ # . : -",
                "/tags/3: must have at most 120 characters",
            ],
        ),
        (
            json!("a"),
            &["/tags: invalid type: string \"a\", expected a sequence"],
        ),
        (
            json!([1]),
            &["/tags/0: invalid type: integer `1`, expected a string"],
        ),
    ] {
        assert_eq!(phone.put(&json!({ "tags": tags })).await.fields(), errors);
    }
    for reserved in ["account:1", "guest:1", "platform:apns", "locale:en", "app:shop"] {
        let fields = phone.put(&json!({ "tags": [reserved] })).await.fields();
        assert!(
            fields[0].starts_with("/tags/0: must not begin with "),
            "{fields:?}"
        );
    }
    api.close().await;
}

#[tokio::test]
async fn a_channel_that_has_run_out_is_told_nothing_until_it_is_registered_again() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let phone = Phone::new(&guest);
    let wns = json!({ "platform": "wns", "channel": { "uri": "https://db5.notify.windows.com/?token=a" } });
    let registered = phone.put(&wns).await.json();
    let days = |body: &Value| {
        let at: Timestamp = body["expires_at"].as_str().unwrap().parse().unwrap();
        let from: Timestamp = body["updated_at"].as_str().unwrap().parse().unwrap();
        at.duration_since(from)
    };
    assert_eq!(days(&registered), SignedDuration::from_hours(30 * 24));
    let tagged = phone
        .patch(&json!([{ "op": "add", "path": "/tags/-", "value": "a" }]))
        .await
        .json();
    assert_eq!(tagged["expires_at"], registered["expires_at"], "the same channel");
    let moved = json!([{ "op": "replace", "path": "/channel/uri", "value": "https://db5.notify.windows.com/?token=b" }]);
    let moved = phone.patch(&moved).await.json();
    assert_eq!(
        days(&moved),
        SignedDuration::from_hours(30 * 24),
        "another channel"
    );

    let customer = guest.customer();
    let told = async || {
        api.storage
            .installations_told_of(&[customer])
            .await
            .unwrap()
            .len()
    };
    assert_eq!(told().await, 1);
    let run_out = "UPDATE installations SET expires_at = now() - interval '1 second'";
    devstack::servers::postgres::psql(&api.servers.database_url, run_out).unwrap();
    assert_eq!(told().await, 0);
    phone.read().await.problem(404, "not-found");
    assert_eq!(
        guest.get("/v1/installations").await.json(),
        json!({ "installations": [] })
    );
    assert_eq!(phone.put(&wns).await.status, 200);
    assert_eq!(told().await, 1);

    let soon = chassis::clock::now() + SignedDuration::from_hours(1);
    let browser = phone.put(&json!({ "expires_at": soon })).await.json();
    let at: Timestamp = browser["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(at.as_microsecond(), soon.as_microsecond());
    let past = phone.put(&json!({ "expires_at": "2026-01-01T00:00:00Z" })).await;
    assert_eq!(past.fields(), ["/expires_at: must be later than now"]);
    api.close().await;
}
