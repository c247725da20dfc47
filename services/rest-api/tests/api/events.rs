//! An order as it moves.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::answer::Answer;
use crate::stream::Stream;
use crate::support::{Api, Guest, draft};

async fn follow(guest: &Guest<'_>, path: &str) -> Stream {
    let request = guest.request(Method::GET, &format!("{path}/events"));
    Stream::of(request.send().await.unwrap())
}

#[tokio::test]
async fn every_status_arrives_once_in_order_and_the_end_is_told() {
    let mut api = Api::start().await;
    let (path, mut stream) = {
        let guest = Guest::new(&api);
        let path = guest.order("kyusu-red-clay", 19).await;
        (path.clone(), follow(&guest, &path).await)
    };
    let first = stream.next().await.unwrap();
    assert_eq!((first.id.as_str(), first.event.as_str()), ("1", "order"));
    assert_eq!(first.order()["state"], "submitted");
    assert_eq!(first.order()["links"]["self"], json!(path));
    api.start_processor();
    let rest = stream.rest().await;
    let told: Vec<_> = rest
        .iter()
        .map(|event| (event.id.as_str(), event.event.as_str()))
        .collect();
    assert_eq!(told, [("2", "order"), ("", "end")]);
    assert_eq!(rest[0].order()["reason"]["code"], "out_of_stock");
    api.close().await;
}

#[tokio::test]
async fn an_order_that_can_move_on_is_followed_through_all_of_its_life() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    let mut stream = follow(&guest, &path).await;
    let mut versions = Vec::new();
    loop {
        let event = stream.next().await.unwrap();
        versions.push(event.id.parse::<u32>().unwrap());
        if event.order()["state"] == "confirmed" {
            break;
        }
    }
    let wish = guest.cancel(&path, "k").await;
    assert_eq!(wish.status, 202);
    let rest = stream.rest().await;
    assert_eq!(rest[0].order()["state"], "cancelled");
    assert_eq!((rest.len(), rest[1].event.as_str()), (2, "end"));
    versions.push(rest[0].id.parse().unwrap());
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    api.close().await;
}

#[tokio::test]
async fn who_comes_back_hears_what_he_missed_and_nothing_twice() {
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let path = guest.order("kyusu-red-clay", 19).await;
    guest.order_in(&path, "rejected").await;
    let from = |id: &'static str| {
        guest
            .request(Method::GET, &format!("{path}/events"))
            .header("last-event-id", id)
    };
    for unseen in ["1", "0", ""] {
        let events = Stream::of(from(unseen).send().await.unwrap()).rest().await;
        let told: Vec<_> = events
            .iter()
            .map(|event| (event.id.as_str(), event.event.as_str()))
            .collect();
        assert_eq!(told, [("2", "order"), ("", "end")], "after {unseen:?}");
    }
    for seen in ["2", "4294967295"] {
        let nothing = Answer::of(from(seen)).await;
        assert_eq!(
            (nothing.status, nothing.text.as_str()),
            (204, ""),
            "a browser stops at 204"
        );
    }
    for nonsense in ["x", "-1", "2.0", "99999999999"] {
        let refused = Answer::of(from(nonsense)).await;
        assert_eq!(
            refused.fields(),
            ["/last-event-id: must be the id of an event of this order"]
        );
    }
    let live = guest.order("honey-acacia", 1).await;
    guest.order_in(&live, "confirmed").await;
    let request = guest
        .request(Method::GET, &format!("{live}/events"))
        .header("last-event-id", "2");
    let mut stream = Stream::of(request.send().await.unwrap());
    guest.cancel(&live, "k").await;
    assert_eq!(
        stream.next().await.unwrap().id,
        "3",
        "version 2 is not told again"
    );
    api.close().await;
}

#[tokio::test]
async fn events_are_neither_compressed_nor_kept_back() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    let request = guest
        .request(Method::GET, &format!("{path}/events"))
        .header("accept-encoding", "br, gzip, deflate")
        .header("accept", "text/event-stream");
    let answer = request.send().await.unwrap();
    let coding = answer
        .headers()
        .get("content-encoding")
        .map(|value| value.to_str().unwrap());
    assert!(matches!(coding, None | Some("identity")), "{coding:?}");
    assert_eq!(answer.headers()["cache-control"], "private, no-store");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let mut stream = Stream::of(answer);
    assert_eq!(
        stream.next().await.unwrap().id,
        "1",
        "at once, though nothing follows it"
    );

    let page = guest
        .request(Method::GET, "/v1/products")
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(
        page.headers()["content-encoding"],
        "gzip",
        "what is long is compressed"
    );
    api.close().await;
}

#[tokio::test]
async fn a_silent_stream_says_that_it_is_alive() {
    let api = Api::start_with(&["--events-heartbeat=200ms"]).await;
    let guest = Guest::new(&api);
    let path = guest.order("honey-acacia", 1).await;
    let mut stream = follow(&guest, &path).await;
    let mut beats = Vec::new();
    while beats.len() < 4 {
        if stream.next_block().await.unwrap().event == ":" {
            beats.push(Instant::now());
        }
    }
    let between = beats[3] - beats[1];
    assert!(
        between >= Duration::from_millis(300),
        "{between:?} for two periods of 200 ms"
    );
    api.close().await;
}

#[tokio::test]
async fn it_stops_at_once_though_orders_are_being_followed() {
    let api = Api::start().await;
    let mut streams = Vec::new();
    {
        let guest = Guest::new(&api);
        let path = guest.order("honey-acacia", 1).await;
        for _ in 0..20 {
            let mut stream = follow(&guest, &path).await;
            assert_eq!(stream.next().await.unwrap().id, "1");
            streams.push(stream);
        }
    }
    let began = Instant::now();
    let ends = futures_util::future::join_all(streams.into_iter().map(Stream::rest));
    let (ends, ()) = tokio::join!(ends, api.close());
    assert!(
        ends.iter().all(Vec::is_empty),
        "an end that is not the order's is not told as one"
    );
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "took {:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_hundred_followers_hear_of_the_same_change() {
    let mut api = Api::start().await;
    let mut streams = Vec::new();
    {
        let guest = Guest::new(&api);
        let accepted = guest.send("k", &draft(&[("kyusu-red-clay", 19)])).await;
        for _ in 0..100 {
            streams.push(follow(&guest, &accepted.header("location")).await);
        }
    }
    api.start_processor();
    for events in futures_util::future::join_all(streams.into_iter().map(Stream::rest)).await {
        let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", ""]);
    }
    api.close().await;
}
