//! What can't be scheduled, by whom, and when.

use devstack::testing::eventually;
use reqwest::Method;
use serde_json::Value;

use crate::answer::Answer;
use crate::scheduled::{ALL, HOUR, after, delete, later, listed, put, schedule};
use crate::support::{Api, Guest, draft};

#[tokio::test]
async fn a_scheduled_order_is_its_customers_alone() {
    let api = Api::start().await;
    let (guest, stranger) = (Guest::new(&api), Guest::new(&api));
    let (path, _) = schedule(&guest, "key-1", after(HOUR)).await;
    let body = later(&after(HOUR), &[("honey-acacia", 9)]);
    stranger.get(&path).await.problem(404, "not-found");
    put(&stranger, &path, None, &body).await.problem(404, "not-found");
    delete(&stranger, &path).await.problem(404, "not-found");
    assert_eq!(listed(&stranger).await, Vec::<Value>::new());
    api.get(ALL).await.problem(401, "unauthorized");
    let own = guest.get(&path).await.json();
    assert_eq!(own["lines"][0]["quantity"], 1);
    guest.get(&format!("{ALL}/no-id")).await.problem(404, "not-found");
    api.close().await;
}

#[tokio::test]
async fn what_can_not_be_scheduled_is_refused_by_its_own_problem() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let honey = [("honey-acacia", 1)];
    let post = async |body: &Value| {
        let key = chassis::clock::random_id().to_string();
        guest.post(ALL, &key, body).await
    };
    for (at, problem) in [
        (after(-1_000), "place-at-past"),
        (after(366 * 24 * HOUR), "place-at-too-far"),
    ] {
        let refused = post(&later(&at, &honey)).await.problem(422, problem);
        let says_limit = refused["detail"] == "An order can be scheduled for at most 365 days ahead.";
        assert_eq!(says_limit, problem == "place-at-too-far", "{refused}");
        assert_eq!(refused["errors"][0]["pointer"], "/place_at");
    }
    let none = "/place_at: must be a time with its offset from UTC, e.g. 2026-03-02T09:00:00+01:00";
    for at in [
        "2999-01-01T09:00:00",
        "",
        "Monday",
        "2999-13-01T00:00:00Z",
        "1790000000",
    ] {
        assert_eq!(post(&later(&at, &honey)).await.fields(), [none], "{at}");
    }
    assert_eq!(post(&draft(&honey)).await.fields(), [none]);
    let wrong = post(&later(&"soon", &[("honey-acacia", 0)])).await.fields();
    assert_eq!(wrong.len(), 2, "all that is wrong: {wrong:?}");
    let mut priced = later(&after(HOUR), &honey);
    priced["price"] = 1.into();
    assert_eq!(post(&priced).await.fields().len(), 1);
    let unnamed = guest
        .request(Method::POST, ALL)
        .json(&later(&after(HOUR), &honey));
    Answer::of(unnamed).await.problem(400, "idempotency-key-missing");
    assert_eq!(listed(&guest).await, Vec::<Value>::new());

    let (path, _) = schedule(&guest, "0", after(HOUR)).await;
    let past = put(&guest, &path, None, &later(&after(-1_000), &honey)).await;
    past.problem(422, "place-at-past");
    for key in 1..messaging::schedules::QUOTA {
        schedule(&guest, &key.to_string(), after(HOUR)).await;
    }
    let full = guest.post(ALL, "one-more", &later(&after(HOUR), &honey)).await;
    full.problem(409, "too-many-schedules");
    assert_eq!(delete(&guest, &path).await.status, 204);
    schedule(&guest, "one-more", after(HOUR)).await;
    api.close().await;
}

#[tokio::test]
async fn without_nats_nothing_is_scheduled_and_a_retry_makes_it_good() {
    let mut api = Api::start_with(&["--nats-timeout=1s"]).await;
    let body = later(&after(HOUR), &[("honey-acacia", 1)]);
    api.servers.kill_nats().await;
    {
        let guest = Guest::new(&api);
        let refused = guest.post(ALL, "key-1", &body).await;
        refused.problem(503, "unavailable");
        assert_ne!(refused.header("retry-after"), "");
        guest.get(ALL).await.problem(503, "unavailable");
    }
    api.servers.start_nats().await;
    let guest = Guest::new(&api);
    let made = eventually("the retry", async || {
        let answer = guest.post(ALL, "key-1", &body).await;
        (answer.status == 201).then_some(answer)
    })
    .await;
    let again = guest.post(ALL, "key-1", &body).await;
    assert_eq!((again.status, again.text), (201, made.text));
    assert_eq!(listed(&guest).await.len(), 1);
    api.close().await;
}
