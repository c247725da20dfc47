//! Orders that are to be placed later.

use devstack::testing::eventually;
use domain::{Actor, CatalogAction, CatalogCommand, CommandId, OrderId, Sku};
use jiff::{SignedDuration, Timestamp};
use messaging::commands::catalog_message;
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::support::{Api, Guest, draft};

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const ALL: &str = "/v1/scheduled-orders";

pub(crate) fn after(milliseconds: i64) -> Timestamp {
    chassis::clock::now() + SignedDuration::from_millis(milliseconds)
}

/// The body of an order that is to be placed at `at`.
pub(crate) fn later(at: &impl ToString, lines: &[(&str, i64)]) -> Value {
    let mut body = draft(lines);
    body["place_at"] = at.to_string().into();
    body
}

/// Schedules one jar of honey; gives the address of the scheduled order, and that of the order to come.
pub(crate) async fn schedule(guest: &Guest<'_>, key: &str, at: Timestamp) -> (String, String) {
    let answer = guest.post(ALL, key, &later(&at, &[("honey-acacia", 1)])).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let order = answer.json()["links"]["order"].as_str().unwrap().to_owned();
    (answer.header("location"), order)
}

pub(crate) async fn put(guest: &Guest<'_>, path: &str, tag: Option<&str>, body: &Value) -> Answer {
    let request = guest.request(Method::PUT, path).json(body);
    Answer::of(request.header("if-match", tag.unwrap_or("*"))).await
}

pub(crate) async fn delete(guest: &Guest<'_>, path: &str) -> Answer {
    Answer::of(guest.request(Method::DELETE, path).header("if-match", "*")).await
}

/// Sets the price of a jar of honey.
async fn reprice(api: &Api, minor: i64) {
    let sku: Sku = "honey-acacia".parse().unwrap();
    let path = "/v1/products/honey-acacia";
    let product = api.get(path).await.json();
    let mut price = product["price"].clone();
    price["minor"] = minor.into();
    let change = json!({ "price": price, "version": 1 });
    let command = CatalogCommand {
        id: CommandId::for_product(&sku, &"reprice".parse().unwrap()),
        sku,
        actor: Actor::Staff("test".to_owned()),
        at: chassis::clock::now(),
        action: CatalogAction::Price(serde_json::from_value(change).unwrap()),
    };
    let message = catalog_message(&command, "test");
    api.messaging.publish(&message).await.unwrap();
    eventually("the price", async || {
        let product = api.storage.product(&command.sku).await.unwrap();
        product.filter(|product| product.price.minor == minor)
    })
    .await;
}

pub(crate) async fn listed(guest: &Guest<'_>) -> Vec<Value> {
    let list = guest.get(ALL).await.json();
    list["scheduled_orders"].as_array().unwrap().clone()
}

async fn orders(guest: &Guest<'_>) -> usize {
    let list = guest.get("/v1/orders").await.json();
    list["orders"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_scheduled_order_is_listed_changed_and_placed_once_at_its_time() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let at = after(HOUR);
    let body = later(&at, &[("honey-acacia", 1)]);
    let made = guest.post(ALL, "key-1", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let (path, order) = (format!("{ALL}/{id}"), format!("/v1/orders/{id}"));
    assert_eq!(made.header("location"), path);
    assert_eq!(made.header("idempotent-replayed"), "");
    let derived = OrderId::derive(guest.customer(), &"key-1".parse().unwrap());
    assert_eq!(id, derived.to_string(), "the order's id");
    assert_eq!(
        made.json()["links"],
        json!({ "self": path, "order": order }),
        "{made:?}"
    );
    assert_eq!(listed(&guest).await, [made.json()]);
    let read = guest.get(&path).await;
    assert_eq!(
        (read.status, &read.text, read.header("etag")),
        (200, &made.text, made.header("etag"))
    );
    guest.get(&order).await.problem(404, "not-found");
    assert_eq!(orders(&guest).await, 0, "it is no order yet");

    reprice(&api, 1_234).await;
    let soon = after(3_500);
    let other = later(&soon, &[("honey-acacia", 3)]);
    let changed = put(&guest, &path, Some(&made.header("etag")), &other).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["lines"][0]["quantity"], 3);
    let again = put(&guest, &path, Some(&made.header("etag")), &other).await;
    assert_eq!((again.status, again.text), (200, changed.text), "a retry");
    for blind in [Method::PUT, Method::DELETE] {
        let refused = Answer::of(guest.request(blind, &path).json(&body)).await;
        refused.problem(428, "precondition-required");
    }
    for stale in [made.header("etag").as_str(), "\"x\"", "W/\"1\"", "\u{e4}"] {
        let refused = put(&guest, &path, Some(stale), &body).await;
        refused.problem(412, "precondition-failed");
    }

    let placed = guest.order_in(&order, "confirmed").await;
    assert_eq!(placed["lines"][0]["quantity"], 3);
    assert_eq!(placed["version"], 2);
    assert_eq!(placed["total"]["minor"], 3 * 1_234, "at the price of then");
    let accepted: Timestamp = placed["submitted_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(accepted, soon, "it is accepted when it is placed");
    assert!(chassis::clock::now() > soon);
    assert_eq!(orders(&guest).await, 1);
    assert_eq!(listed(&guest).await, Vec::<Value>::new());
    guest.get(&path).await.problem(404, "not-found");
    for refused in [put(&guest, &path, None, &body).await, delete(&guest, &path).await] {
        refused.problem(409, "already-placed");
        assert_eq!(refused.header("location"), order);
    }
    let retried = guest.post(ALL, "key-1", &body).await;
    assert_eq!((retried.status, &retried.text), (201, &made.text));
    assert_eq!(retried.header("idempotent-replayed"), "true");
    api.wait_handled().await;
    assert_eq!(api.get("/v1/products/honey-acacia").await.json()["available"], 87);
    api.close().await;
}

#[tokio::test]
async fn what_was_taken_back_is_never_placed() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let at = after(3_500);
    let (path, order) = schedule(&guest, "no", at).await;
    let (_, next) = schedule(&guest, "yes", at + SignedDuration::from_millis(300)).await;
    assert_eq!(delete(&guest, &path).await.status, 204);
    delete(&guest, &path).await.problem(404, "not-found");
    put(&guest, &path, None, &later(&after(HOUR), &[("honey-acacia", 1)]))
        .await
        .problem(404, "not-found");
    guest.order_in(&next, "confirmed").await;
    guest.get(&order).await.problem(404, "not-found");
    assert_eq!(orders(&guest).await, 1);
    api.close().await;
}

#[tokio::test]
async fn who_is_too_late_is_told_so_and_gets_the_order() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let (path, order) = schedule(&guest, "key-1", after(1_200)).await;
    let body = later(&after(HOUR), &[("honey-acacia", 2)]);
    // From shortly before its time on until it is an order: nobody is told anything else.
    let placed = eventually("the order", async || {
        for refused in [delete(&guest, &path).await, put(&guest, &path, None, &body).await] {
            refused.problem(409, "already-placed");
            assert_eq!(refused.header("location"), order);
        }
        let read = guest.get(&order).await;
        (read.status == 200).then(|| read.json())
    })
    .await;
    assert_eq!(placed["lines"][0]["quantity"], 1);
    guest.order_in(&order, "confirmed").await;
    let wish = guest.cancel(&order, "too-late").await;
    assert_eq!(wish.status, 202);
    guest.order_in(&order, "cancelled").await;
    api.close().await;
}

#[tokio::test]
async fn what_is_submitted_under_the_key_of_a_schedule_is_its_order() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let (path, order) = schedule(&guest, "key-1", after(HOUR)).await;
    let other = guest.send("key-1", &draft(&[("honey-acacia", 2)])).await;
    other.problem(422, "idempotency-key-reused");
    let accepted = guest.send("key-1", &draft(&[("honey-acacia", 1)])).await;
    assert_eq!(
        (accepted.status, accepted.header("location")),
        (202, order.clone())
    );
    guest.order_in(&order, "confirmed").await;
    assert_eq!(listed(&guest).await, Vec::<Value>::new());
    delete(&guest, &path).await.problem(409, "already-placed");

    let order = guest.send("key-2", &draft(&[("honey-acacia", 1)])).await;
    let later = later(&after(HOUR), &[("honey-acacia", 1)]);
    let refused = guest.post(ALL, "key-2", &later).await;
    refused.problem(409, "already-placed");
    assert_eq!(refused.header("location"), order.header("location"));
    let refused = guest.post(ALL, "key-1", &later).await;
    refused.problem(422, "idempotency-key-reused");
    api.close().await;
}
