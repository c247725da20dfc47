//! Guests, their tokens, and what they must not see of each other.

use reqwest::Method;

use crate::answer::Answer;
use crate::support::{Api, Guest, draft};

#[tokio::test]
async fn a_guest_gets_a_token_that_owns_what_is_ordered_with_it() {
    let api = Api::start().await;
    let session = Answer::of(api.request(Method::POST, "/v1/guest-sessions")).await;
    assert_eq!(session.status, 201, "{session:?}");
    assert_eq!(session.header("cache-control"), "no-store");
    let body = session.json();
    assert_eq!(body["token_type"], "Bearer");
    let token = body["token"].as_str().unwrap();
    assert!(token.starts_with("wbg_") && token.len() == 47, "{token}");

    let other = Answer::of(
        api.request(Method::POST, "/v1/guest-sessions")
            .json(&serde_json::json!({})),
    )
    .await;
    assert_ne!(other.json()["token"], body["token"]);

    let order = api
        .request(Method::POST, "/v1/orders")
        .bearer_auth(token)
        .header("idempotency-key", "one")
        .json(&draft(&[("honey-acacia", 1)]));
    let order = Answer::of(order).await;
    assert_eq!(order.status, 202, "{order:?}");
    let own = api
        .request(Method::GET, &order.header("location"))
        .bearer_auth(token);
    assert_eq!(Answer::of(own).await.status, 200);
    api.close().await;
}

#[tokio::test]
async fn a_body_of_a_new_session_is_empty_or_an_empty_object() {
    let api = Api::start().await;
    let with = async |body: &'static str| {
        let request = api.request(Method::POST, "/v1/guest-sessions").body(body);
        Answer::of(request.header("content-type", "application/json")).await
    };
    assert_eq!(with(" {} ").await.status, 201);
    assert_eq!(
        with(r#"{"guest": "me"}"#).await.fields(),
        ["/guest: unknown field `guest`, there are no fields"]
    );
    with("[]").await.problem(422, "invalid-input");
    with("{").await.problem(400, "malformed-json");
    let text = api.request(Method::POST, "/v1/guest-sessions").body("{}");
    Answer::of(text).await.problem(415, "unsupported-media-type");
    api.close().await;
}

#[tokio::test]
async fn without_a_genuine_token_nothing_is_told() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    let other_key = "fedcba9876543210".repeat(4).parse().unwrap();
    let forged = identity::GuestTokens::new(other_key).mint(guest.id);
    let places = [
        (Method::GET, "/v1/orders".to_owned()),
        (Method::POST, "/v1/orders".to_owned()),
        (Method::GET, order.clone()),
        (Method::GET, format!("{order}/events")),
        (Method::POST, format!("{order}/cancellation")),
        (Method::PUT, format!("/v1/installations/{}", guest.id)),
    ];
    for (method, path) in places {
        let none = Answer::of(api.request(method.clone(), &path)).await;
        none.problem(401, "unauthorized");
        assert_eq!(none.header("www-authenticate"), "Bearer realm=\"waybill\"");
        for wrong in [
            format!("Bearer {forged}"),
            "Bearer wbg_nonsense".to_owned(),
            "Bearer".to_owned(),
            format!("Basic {}", guest.token),
            guest.token.clone(),
            "Bearer \u{e4}".to_owned(),
        ] {
            let request = api.request(method.clone(), &path).header("authorization", &wrong);
            let refused = Answer::of(request).await;
            refused.problem(401, "unauthorized");
            assert!(
                refused
                    .header("www-authenticate")
                    .contains("error=\"invalid_token\""),
                "{wrong}: {refused:?}"
            );
        }
    }
    let lower = api
        .request(Method::GET, &order)
        .header("authorization", format!("bearer {}", guest.token));
    assert_eq!(
        Answer::of(lower).await.status,
        200,
        "the scheme's case does not count (RFC 9110)"
    );
    api.close().await;
}

#[tokio::test]
async fn an_order_of_someone_else_is_answered_like_none() {
    let mut api = Api::start().await;
    for processed in [false, true] {
        let (owner, stranger) = (Guest::new(&api), Guest::new(&api));
        let order = owner.order("honey-acacia", 1).await;
        if processed {
            owner.order_in(&order, "confirmed").await;
        }
        let no_order = "/v1/orders/00000000-0000-8000-8000-000000000000";
        for rest in ["", "/events"] {
            let theirs = stranger.get(&format!("{order}{rest}")).await;
            let nothing = stranger.get(&format!("{no_order}{rest}")).await;
            assert_eq!(
                theirs.problem(404, "not-found"),
                nothing.problem(404, "not-found")
            );
            stranger
                .get(&format!("/v1/orders/x{rest}"))
                .await
                .problem(404, "not-found");
        }
        for place in [order.as_str(), no_order, "/v1/orders/x"] {
            let cancel = stranger.cancel(place, "k").await;
            cancel.problem(404, "not-found");
        }
        assert_eq!(
            stranger.get("/v1/orders").await.json()["orders"],
            serde_json::json!([])
        );
        assert!(owner.get(&order).await.json()["state"] != "cancelled");
        if !processed {
            api.start_processor();
        }
    }
    api.close().await;
}

#[tokio::test]
async fn two_guests_may_use_the_same_key() {
    let api = Api::start().await;
    let (one, other) = (Guest::new(&api), Guest::new(&api));
    let first = one.send("same", &draft(&[("honey-acacia", 1)])).await;
    let second = other.send("same", &draft(&[("honey-acacia", 2)])).await;
    assert_eq!((first.status, second.status), (202, 202));
    assert_ne!(first.header("location"), second.header("location"));
    api.close().await;
}
