//! Input that is too large, too slow, or nonsense.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::{Site, Visitor};

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let site = Site::open().await;
    let shopper = Visitor::new(&site);
    let form = [("note".to_owned(), "x".repeat(70_000))];
    let answer = shopper.post("/orders", &form).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().await.unwrap().contains("That was too much"));
    site.close().await;
}

#[tokio::test]
async fn a_body_that_trickles_in_is_cut_off() {
    let site = Site::open().await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST /orders HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\n",
        site.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let began = Instant::now();
    let (mut reader, mut writer) = stream.into_split();
    let trickle = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            if writer.write_all(b"a").await.is_err() {
                return;
            }
        }
    });
    let mut answer = Vec::new();
    timeout(Duration::from_secs(16), reader.read_to_end(&mut answer))
        .await
        .expect("the connection is closed")
        .ok();
    trickle.abort();
    assert!(
        String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(
        began.elapsed() >= Duration::from_secs(9),
        "a slow body has 10 seconds"
    );
    site.close().await;
}

#[tokio::test]
async fn a_head_that_does_not_arrive_is_cut_off() {
    let site = Site::open().await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")
        .await
        .unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(10), stream.read_to_end(&mut answer))
        .await
        .expect("the connection is closed")
        .ok();
    assert!(!String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 200"));
    site.close().await;
}

#[tokio::test]
async fn nonsense_is_never_our_failure() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    for path in [
        "/checkout?a=b",
        "/checkout?quantity.honey-acacia=%FF",
        "/checkout?quantity.honey-acacia=1&quantity.honey-acacia=2",
        "/orders?after=%00",
        "/orders?x=1",
    ] {
        assert_eq!(
            shopper.get(path).await.status(),
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
    for path in [
        "/orders/x",
        "/orders/..%2f",
        "/orders/00000000-0000-8000-8000-000000000000",
        "/nowhere",
        "/.env",
    ] {
        assert_eq!(shopper.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let unknown = shopper.get("/checkout?quantity.no-such-thing=1").await;
    assert_eq!(unknown.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let form = shopper.fill("quantity.honey-acacia=1").await;
    let more: Vec<_> = form
        .iter()
        .cloned()
        .chain([("state".to_owned(), "confirmed".to_owned())])
        .collect();
    assert_eq!(
        shopper.post("/orders", &more).await.status(),
        StatusCode::BAD_REQUEST
    );
    site.close().await;
}

#[tokio::test]
async fn other_methods_and_other_bodies_are_refused() {
    let site = Site::open().await;
    let client = reqwest::Client::new();
    for (method, path) in [
        (Method::DELETE, "/"),
        (Method::PUT, "/orders"),
        (Method::POST, "/"),
        (Method::TRACE, "/checkout"),
    ] {
        let answer = client
            .request(method.clone(), site.url(path))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert!(answer.headers().contains_key("allow"));
    }
    let json = client
        .post(site.url("/orders"))
        .json(&serde_json::json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        client.head(site.url("/")).send().await.unwrap().status(),
        StatusCode::OK
    );
    site.close().await;
}

#[tokio::test]
async fn it_stops_at_once_though_pages_are_being_followed() {
    let site = Site::open().await;
    let mut shopper = Visitor::new(&site);
    let address = shopper.order("quantity.honey-acacia=1").await;
    let events = shopper.get(&address.replace('?', "/events?")).await;
    assert_eq!(events.status(), StatusCode::OK);
    let began = Instant::now();
    drop(shopper);
    let (text, ()) = tokio::join!(events.text(), site.close());
    assert!(text.unwrap().contains("event: order"));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "took {:?}",
        began.elapsed()
    );
}
