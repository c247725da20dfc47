//! Devices that are changed in part.

use domain::InstallationId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::support::{Api, Guest};

const KIND: &str = "application/json-patch+json";

pub(crate) struct Phone<'a> {
    guest: &'a Guest<'a>,
    path: String,
}

impl<'a> Phone<'a> {
    pub(crate) fn new(guest: &'a Guest<'a>) -> Self {
        let id = InstallationId(chassis::clock::random_id());
        Self {
            guest,
            path: format!("/v1/installations/{id}"),
        }
    }

    pub(crate) async fn put(&self, fields: &Value) -> Answer {
        let mut body = json!({ "app": "shop", "platform": "apns", "channel": { "token": "0a".repeat(32) } });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        Answer::of(self.guest.request(Method::PUT, &self.path).json(&body)).await
    }

    pub(crate) async fn patch_as(&self, kind: &str, tag: Option<&str>, patch: &Value) -> Answer {
        let mut request = self.guest.request(Method::PATCH, &self.path);
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        Answer::of(request.header("content-type", kind).body(patch.to_string())).await
    }

    pub(crate) async fn patch(&self, patch: &Value) -> Answer {
        self.patch_as(KIND, Some("*"), patch).await
    }

    pub(crate) async fn read(&self) -> Answer {
        self.guest.get(&self.path).await
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_all_of_it_or_nothing() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let phone = Phone::new(&guest);
    let before = phone.put(&json!({ "tags": ["a", "b"], "locale": "de-AT" })).await;
    let patched = phone
        .patch(&json!([
            { "op": "test", "path": "/app", "value": "shop" },
            { "op": "test", "path": "/tags", "value": ["a", "b"] },
            { "op": "add", "path": "/tags/-", "value": "c" },
            { "op": "remove", "path": "/tags/0" },
            { "op": "replace", "path": "/locale", "value": "en" },
            { "op": "replace", "path": "/channel/token", "value": "0b".repeat(32) },
            { "op": "copy", "from": "/locale", "path": "/tags/-" },
            { "op": "move", "from": "/tags/0", "path": "/tags/-" },
        ]))
        .await;
    assert_eq!(patched.status, 200, "{patched:?}");
    let body = patched.json();
    assert_eq!(
        (&body["tags"], &body["locale"], &body["channel"]["token"]),
        (&json!(["b", "c", "en"]), &json!("en"), &json!("0b".repeat(32)))
    );
    assert_eq!(
        (&body["id"], &body["app"]),
        (&before.json()["id"], &json!("shop"))
    );
    assert_ne!(patched.header("etag"), before.header("etag"));
    let read = phone.read().await;
    assert_eq!((read.json(), read.header("etag")), (body, patched.header("etag")));

    let failed = phone
        .patch(&json!([
            { "op": "add", "path": "/tags/-", "value": "d" },
            { "op": "test", "path": "/locale", "value": "fr" },
        ]))
        .await;
    failed.problem(412, "precondition-failed");
    assert!(failed.text.contains("/1/value"), "{}", failed.text);
    assert_eq!(phone.read().await.json(), read.json(), "nothing of it is done");
    let tested = phone
        .patch(&json!([{ "op": "test", "path": "/locale", "value": "en" }]))
        .await;
    assert_eq!(tested.status, 200);
    api.close().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_patch_is_pointed_at() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let phone = Phone::new(&guest);
    let before = phone.put(&json!({ "tags": ["a"] })).await.json();
    let many: Vec<_> = (0..101)
        .map(|_| json!({ "op": "remove", "path": "/tags/0" }))
        .collect();
    let (nowhere, only) = (
        "leads nowhere",
        "must be /channel, /environment, /locale, /tags, /expires_at or in",
    );
    for (patch, error) in [
        (json!({}), ": invalid type: map".to_owned()),
        (json!([{ "path": "/tags" }]), "/0: missing field `op`".into()),
        (
            json!([{ "op": "add", "path": "/tags/-" }]),
            "/0/value: must be there".into(),
        ),
        (
            json!([{ "op": "copy", "path": "/tags/-" }]),
            "/0/from: must be there".into(),
        ),
        (
            json!([{ "op": "remove", "path": "/tags/0", "value": 1 }]),
            "/0/value: is not what".into(),
        ),
        (
            json!([{ "op": "merge", "path": "/tags" }]),
            "/0/op: unknown variant `merge`".into(),
        ),
        (
            json!([{ "op": "add", "path": "tags", "value": "a" }]),
            "/0/path: ".into(),
        ),
        (
            json!([{ "op": "add", "path": "/tags/-", "value": "a", "x": 1 }]),
            "/0/x: unknown field".into(),
        ),
        (
            json!([{ "op": "remove", "path": "/tags/1" }]),
            format!("/0/path: {nowhere}"),
        ),
        (
            json!([{ "op": "add", "path": "/tags/01", "value": "a" }]),
            format!("/0/path: {nowhere}"),
        ),
        (
            json!([{ "op": "test", "path": "/nothing", "value": 1 }]),
            format!("/0/path: {nowhere}"),
        ),
        (
            json!([{ "op": "copy", "from": "/nothing", "path": "/tags/-" }]),
            format!("/0/from: {nowhere}"),
        ),
        (
            json!([{ "op": "replace", "path": "/app", "value": "x" }]),
            format!("/0/path: {only}"),
        ),
        (
            json!([{ "op": "replace", "path": "", "value": {} }]),
            format!("/0/path: {only}"),
        ),
        (
            json!([{ "op": "add", "path": "/customer", "value": "guest:x" }]),
            format!("/0/path: {only}"),
        ),
        (
            json!([{ "op": "move", "from": "/id", "path": "/tags/-" }]),
            format!("/0/from: {only}"),
        ),
        (
            json!([{ "op": "add", "path": "/tags/-", "value": "b c" }]),
            "/tags/1: must consist of".into(),
        ),
        (
            json!([{ "op": "add", "path": "/tags/-", "value": "app:x" }]),
            "/tags/1: must not begin".into(),
        ),
        (
            json!([{ "op": "remove", "path": "/channel" }]),
            ": missing field `channel`".into(),
        ),
        (
            json!([{ "op": "add", "path": "/channel/uri", "value": "x" }]),
            "/channel/uri: unknown field".into(),
        ),
        (
            json!([{ "op": "replace", "path": "/locale", "value": 1 }]),
            "/locale: ".into(),
        ),
        (json!(many), ": must have at most 100 operations".into()),
    ] {
        let fields = phone.patch(&patch).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with(&error),
            "{patch}: {fields:?}"
        );
    }
    let grow: Vec<_> = (0..60)
        .map(|number| json!({ "op": "copy", "from": "/channel", "path": format!("/channel/{number}") }))
        .collect();
    let fields = phone.patch(&json!(grow)).await.fields();
    assert!(fields[0].ends_with(": makes the device too large"), "{fields:?}");
    assert_eq!(phone.read().await.json(), before);
    for kind in ["application/json", "application/merge-patch+json", "text/plain"] {
        let other = phone.patch_as(kind, Some("*"), &json!([])).await;
        other.problem(415, "unsupported-media-type");
    }
    phone
        .patch_as(KIND, None, &json!([]))
        .await
        .problem(428, "precondition-required");
    api.close().await;
}

#[tokio::test]
async fn a_patch_of_what_has_changed_since_is_refused_and_none_is_lost() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let phone = Phone::new(&guest);
    let tag = phone.put(&json!({})).await.header("etag").to_owned();
    let add = |tag: &str| json!([{ "op": "add", "path": "/tags/-", "value": tag }]);
    let next = phone.patch_as(KIND, Some(&tag), &add("a")).await;
    assert_eq!(next.status, 200, "{next:?}");
    let late = phone.patch_as(KIND, Some(&tag), &add("b")).await;
    late.problem(412, "precondition-failed");
    let weak = format!("W/{}", next.header("etag"));
    phone
        .patch_as(KIND, Some(&weak), &add("b"))
        .await
        .problem(412, "precondition-failed");

    let patches: Vec<_> = (0..8).map(|number| add(&format!("at-once-{number}"))).collect();
    let answers = futures_util::future::join_all(patches.iter().map(|patch| phone.patch(patch))).await;
    for answer in answers {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(phone.read().await.json()["tags"].as_array().unwrap().len(), 9);
    let gone = Phone::new(&guest);
    gone.patch(&add("a")).await.problem(404, "not-found");
    api.close().await;
}
