//! What must hold when a server fails.

use std::time::{Duration, Instant};

use devstack::proxy::Mode;
use devstack::testing::eventually;
use reqwest::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::stream::Stream;
use crate::support::{Api, Guest, draft};

#[tokio::test]
async fn without_nats_nothing_is_accepted_and_it_recovers_alone() {
    let mut api = Api::start_with(&["--nats-timeout=2s"]).await;
    api.start_processor();
    let (id, token, before) = {
        let guest = Guest::new(&api);
        let before = guest.order("honey-acacia", 1).await;
        guest.order_in(&before, "confirmed").await;
        (guest.id, guest.token, before)
    };
    api.servers.kill_nats().await;
    eventually("it not to be ready", async || {
        (api.ask_admin("/readyz").await.status == 503).then_some(())
    })
    .await;
    assert_eq!(
        api.ask_admin("/livez").await.status,
        200,
        "a dependency is no reason to be killed"
    );
    let body = draft(&[("honey-acacia", 2)]);
    {
        let guest = Guest {
            api: &api,
            id,
            token: token.clone(),
        };
        let began = Instant::now();
        let refused = guest.send("key", &body).await;
        refused.problem(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "2");
        assert!(
            !refused.text.contains("NATS"),
            "the cause is ours: {}",
            refused.text
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let wish = guest.cancel(&before, "k").await;
        wish.problem(503, "unavailable");
        assert_eq!(
            guest.get(&before).await.json()["state"],
            "confirmed",
            "what is stored is read"
        );
        assert_eq!(guest.get("/v1/orders").await.status, 200);
        assert_eq!(api.get("/v1/products").await.status, 200);
        let unknown = guest.get("/v1/orders/00000000-0000-8000-8000-000000000000").await;
        unknown.problem(503, "unavailable");
    }
    api.servers.start_nats().await;
    api.wait_ready().await;
    let guest = Guest { api: &api, id, token };
    let accepted = eventually("the same request to be accepted", async || {
        Some(guest.send("key", &body).await).filter(|answer| answer.status == 202)
    })
    .await;
    guest.order_in(&accepted.header("location"), "confirmed").await;
    assert_eq!(
        guest.get("/v1/orders").await.json()["orders"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    api.close().await;
}

#[tokio::test]
async fn a_stream_outlives_a_restart_of_nats() {
    let mut api = Api::start().await;
    let mut stream = {
        let guest = Guest::new(&api);
        let path = guest.order("kyusu-red-clay", 19).await;
        let request = guest.request(Method::GET, &format!("{path}/events"));
        Stream::of(request.send().await.unwrap())
    };
    assert_eq!(stream.next().await.unwrap().id, "1");
    api.servers.kill_nats().await;
    api.servers.start_nats().await;
    api.wait_ready().await;
    api.start_processor();
    let ids: Vec<_> = stream.rest().await.into_iter().map(|event| event.id).collect();
    assert_eq!(ids, ["2", ""]);
    api.close().await;
}

#[tokio::test]
async fn without_redis_everything_works() {
    let mut api = Api::start().await;
    api.start_processor();
    api.servers.kill_redis().await;
    let guest = Guest::new(&api);
    let body = draft(&[("honey-acacia", 2)]);
    let accepted = guest.send("key", &body).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let path = accepted.header("location");
    guest.order_in(&path, "confirmed").await;
    let again = guest.send("key", &body).await;
    assert_eq!((again.status, &again.text), (202, &accepted.text));
    guest
        .send("key", &draft(&[("honey-acacia", 3)]))
        .await
        .problem(422, "idempotency-key-reused");
    assert_eq!(
        guest.get("/v1/orders").await.json()["orders"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(api.get("/v1/products/week-planner").await.status, 200);
    let wish = guest.cancel(&path, "k").await;
    assert_eq!(wish.status, 202);
    guest.order_in(&path, "cancelled").await;
    let ready = api.ask_admin("/readyz").await;
    assert_eq!(ready.status, 200);
    eventually("the report that Redis is gone", async || {
        let report = api.ask_admin("/readyz").await.json();
        report["checks"]["redis"]["problem"].is_string().then_some(())
    })
    .await;
    api.close().await;
}

#[tokio::test]
async fn without_postgres_orders_are_accepted_and_cached_ones_read() {
    let mut api = Api::start_with(&["--database-timeout=1s"]).await;
    let (id, token, known) = {
        let guest = Guest::new(&api);
        let known = guest.order("honey-acacia", 1).await;
        assert_eq!(api.get("/v1/products/honey-acacia").await.status, 200);
        (guest.id, guest.token, known)
    };
    api.postgres.set(Mode::Refuse);
    let accepted = {
        let guest = Guest {
            api: &api,
            id,
            token: token.clone(),
        };
        let body = draft(&[("week-planner", 1)]);
        let accepted = guest.send("key", &body).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let again = guest.send("key", &body).await;
        assert_eq!((again.status, &again.text), (202, &accepted.text));
        assert_eq!(again.header("idempotent-replayed"), "true");
        guest
            .send("key", &draft(&[("week-planner", 2)]))
            .await
            .problem(422, "idempotency-key-reused");
        for path in [&known, &accepted.header("location")] {
            assert_eq!(
                guest.get(path).await.json()["state"],
                "submitted",
                "cached at the acceptance"
            );
        }
        for path in [
            "/v1/orders",
            "/v1/orders/00000000-0000-8000-8000-000000000000",
            "/v1/products/week-planner",
        ] {
            let began = Instant::now();
            let answer = guest.get(path).await;
            answer.problem(503, "unavailable");
            assert_eq!(answer.header("retry-after"), "2");
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "{path}: {:?}",
                began.elapsed()
            );
        }
        let stale = api.get("/v1/products/honey-acacia").await;
        assert_eq!(stale.status, 200, "the catalog is shown as it was: {stale:?}");
        let device = json!({ "app": "a", "platform": "apns", "channel": { "token": "0a".repeat(32) } });
        let put = guest
            .request(Method::PUT, &format!("/v1/installations/{id}"))
            .json(&device);
        Answer::of(put).await.problem(503, "unavailable");
        let ready = api.ask_admin("/readyz").await;
        assert_eq!(ready.status, 200, "it takes orders: {ready:?}");
        accepted.header("location")
    };
    api.postgres.set(Mode::Pass);
    api.start_processor();
    let guest = Guest { api: &api, id, token };
    guest.order_in(&accepted, "confirmed").await;
    eventually("the list to be answered", async || {
        let answer = guest.get("/v1/orders").await;
        (answer.status == 200).then(|| assert_eq!(answer.json()["orders"].as_array().unwrap().len(), 2))
    })
    .await;
    api.close().await;
}
