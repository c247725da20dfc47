//! Ordering, and reading what one ordered.

use devstack::testing::eventually;
use domain::OrderId;
use futures_util::future::join_all;
use messaging::commands::order_message;
use reqwest::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::support::{Api, Guest, draft};

#[tokio::test]
async fn an_order_is_accepted_and_found_at_its_address_at_once() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let body = draft(&[("honey-acacia", 2), ("week-planner", 1)]);
    let accepted = guest.send("key-1", &body).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let order = accepted.json();
    let id = order["id"].as_str().unwrap();
    assert_eq!(accepted.header("location"), format!("/v1/orders/{id}"));
    assert_eq!(accepted.header("etag"), "\"1\"");
    assert_eq!(accepted.header("cache-control"), "no-store");
    assert_eq!(accepted.header("idempotent-replayed"), "");
    assert_eq!(
        order,
        json!({
            "id": id, "version": 1, "state": "submitted",
            "lines": [{ "sku": "honey-acacia", "quantity": 2 }, { "sku": "week-planner", "quantity": 1 }],
            "links": {
                "self": format!("/v1/orders/{id}"),
                "events": format!("/v1/orders/{id}/events"),
                "cancellation": format!("/v1/orders/{id}/cancellation"),
            },
        })
    );
    let derived = OrderId::derive(guest.customer(), &"key-1".parse().unwrap());
    assert_eq!(
        id,
        derived.to_string(),
        "the key names the order, today and in a year"
    );

    let read = guest.get(&accepted.header("location")).await;
    assert_eq!((read.status, read.header("etag")), (200, "\"1\"".to_owned()));
    let read = read.json();
    assert_eq!(read["contact"]["email"], "ada@example.org");
    assert_eq!(read["shipping_address"]["city"], "Wien");
    assert_eq!(read["history"][0]["by"], "customer");
    assert!(read.get("customer").is_none() && read.get("fingerprint").is_none());
    api.close().await;
}

#[tokio::test]
async fn a_retry_is_answered_like_the_first_and_marked() {
    let mut api = Api::start().await;
    {
        let guest = Guest::new(&api);
        let body = draft(&[("honey-acacia", 2)]);
        let first = guest.send("key-1", &body).await;
        let again = guest.send("key-1", &body).await;
        assert_eq!((first.status, again.status), (202, 202));
        assert_eq!(first.text, again.text);
        assert_eq!(first.header("location"), again.header("location"));
        assert_eq!(first.header("etag"), again.header("etag"));
        assert_eq!(again.header("idempotent-replayed"), "true");

        // The same in other words: order of fields, space around text.
        let words = format!(
            r#"{{"shipping_address": {}, "contact": {{"email": " ada@example.org", "name": "Ada Lovelace "}}, "lines": {}, "note": " "}}"#,
            body["shipping_address"], body["lines"]
        );
        let request = guest
            .request(Method::POST, "/v1/orders")
            .header("idempotency-key", "key-1");
        let same = Answer::of(request.header("content-type", "application/json").body(words)).await;
        assert_eq!((same.status, same.text), (202, first.text));

        for other in [draft(&[("honey-acacia", 3)]), draft(&[("week-planner", 2)])] {
            let refused = guest.send("key-1", &other).await;
            refused.problem(422, "idempotency-key-reused");
        }
    }
    api.start_processor();
    let guest = Guest::new(&api);
    let body = draft(&[("honey-acacia", 2)]);
    let first = guest.send("key-1", &body).await;
    guest.order_in(&first.header("location"), "confirmed").await;
    let again = guest.send("key-1", &body).await;
    assert_eq!(
        (again.status, &again.text),
        (202, &first.text),
        "when it was decided, too"
    );
    assert_eq!(again.header("etag"), "\"1\"");
    let refused = guest.send("key-1", &draft(&[("honey-acacia", 1)])).await;
    refused.problem(422, "idempotency-key-reused");
    assert_eq!(
        guest.get("/v1/orders").await.json()["orders"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    api.close().await;
}

#[tokio::test]
async fn fifty_requests_at_once_under_one_key_are_one_order() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let body = draft(&[("honey-acacia", 1)]);
    let answers = join_all((0..50).map(|_| guest.send("key-1", &body))).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (202, &answers[0].text));
    }
    guest.order_in(&answers[0].header("location"), "confirmed").await;
    assert_eq!(
        guest.get("/v1/orders").await.json()["orders"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(api.get("/v1/products/honey-acacia").await.json()["available"], 89);
    api.close().await;
}

#[tokio::test]
async fn a_key_is_needed_and_has_a_form() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let body = draft(&[("honey-acacia", 1)]);
    let order = guest.order("honey-acacia", 1).await;
    for path in ["/v1/orders".to_owned(), format!("{order}/cancellation")] {
        let post = || guest.request(Method::POST, &path);
        let empty = json!({});
        let body = if path == "/v1/orders" { &body } else { &empty };
        let missing = Answer::of(post().json(body)).await;
        assert_eq!(
            missing.problem(400, "idempotency-key-missing"),
            json!({
                "type": "/problems/idempotency-key-missing",
                "title": "The request needs an Idempotency-Key",
                "status": 400,
            })
        );
        let long = "k".repeat(256);
        for key in ["", "two words", "\u{e4}", long.as_str()] {
            let malformed = Answer::of(post().header("idempotency-key", key).json(body)).await;
            malformed.problem(400, "idempotency-key-invalid");
        }
        let twice = post()
            .header("idempotency-key", "a")
            .header("idempotency-key", "b");
        Answer::of(twice.json(body))
            .await
            .problem(400, "idempotency-key-invalid");
    }
    let longest = guest.send(&"k".repeat(255), &body).await;
    assert_eq!(longest.status, 202, "{longest:?}");
    api.close().await;
}

#[tokio::test]
async fn an_order_the_client_has_is_not_sent_again() {
    let mut api = Api::start().await;
    api.start_processor();
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    guest.order_in(&path, "confirmed").await;
    let with = async |tags: &'static str| {
        Answer::of(guest.request(Method::GET, &path).header("if-none-match", tags)).await
    };
    for known in ["\"2\"", "W/\"2\"", "\"1\", \"2\"", "\"2\", \"9\"", "*"] {
        let answer = with(known).await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{known}");
        assert_eq!(answer.header("etag"), "\"2\"");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
    }
    for other in ["\"1\"", "\"x\"", "2", "", "\"99999999999999999999\""] {
        let answer = with(other).await;
        assert_eq!(
            (answer.status, answer.header("etag").as_str()),
            (200, "\"2\""),
            "{other}"
        );
    }
    let head = Answer::of(guest.request(Method::HEAD, &path)).await;
    assert_eq!(
        (head.status, head.text.as_str(), head.header("etag").as_str()),
        (200, "", "\"2\"")
    );
    api.close().await;
}

#[tokio::test]
async fn a_held_order_is_seen_though_it_has_no_version_of_its_own() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let body: domain::OrderDraft = serde_json::from_value(draft(&[("honey-acacia", 1)])).unwrap();
    let id = OrderId::derive(guest.customer(), &"late".parse().unwrap());
    let submit = body.parse(guest.customer()).unwrap();
    let command = domain::OrderCommand::submit(id, submit, chassis::clock::now());
    let mut message = order_message(&command, "test", None);
    message.envelope.expires_at = Some(jiff::Timestamp::UNIX_EPOCH);
    api.messaging.publish(&message).await.unwrap();
    let letters = messaging::DeadLetters::new(api.messaging.clone());
    let letter = eventually("the command among the dead letters", async || {
        letters.list(0, 1).await.ok()?.pop()
    })
    .await;
    let path = format!("/v1/orders/{id}");
    guest.order_in(&path, "held").await;
    let with = async |tag: &'static str| {
        Answer::of(guest.request(Method::GET, &path).header("if-none-match", tag)).await
    };
    let news = with("\"1\"").await;
    assert_eq!(
        news.status, 200,
        "who knows it as submitted learns that it is held"
    );
    assert_eq!(
        (news.json()["state"].as_str(), news.header("etag").as_str()),
        (Some("held"), "\"1-held\"")
    );
    assert_eq!(with("\"1-held\"").await.status, 304);

    assert!(letters.replay(letter.sequence).await.unwrap());
    guest.order_in(&path, "confirmed").await;
    assert_eq!(with("\"1-held\"").await.status, 200);
    api.close().await;
}
