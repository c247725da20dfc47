//! How much one may ask for, and who one is.

use reqwest::Method;

use crate::answer::Answer;
use crate::support::{Api, Guest};

#[tokio::test]
async fn a_customer_is_told_what_is_left_and_refused_beyond_it() {
    let api = Api::start_with(&["--customer-limit=3/60s", "--address-limit=off"]).await;
    let (guest, other) = (Guest::new(&api), Guest::new(&api));
    for left in [2, 1, 0] {
        let answer = guest.get("/v1/orders").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), "\"customer\";q=3;w=60");
        let expected = format!("\"customer\";r={left};t={}", 20 * (3 - left));
        assert_eq!(answer.header("ratelimit"), expected);
    }
    let refused = guest.get("/v1/orders").await;
    refused.problem(429, "too-many-requests");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert!(
        refused.header("ratelimit").starts_with("\"customer\";r=0;"),
        "{refused:?}"
    );
    assert_eq!(
        refused.json()["detail"],
        "One customer has at most 3 requests in 60 s."
    );
    assert_eq!(refused.header("x-request-id").len(), 36);
    assert_eq!(other.get("/v1/orders").await.status, 200);
    assert_eq!(guest.get("/problems/too-many-requests").await.status, 200);
    api.close().await;
}

async fn products(api: &Api, forwarded: &str) -> u16 {
    let request = api.request(Method::GET, "/v1/products");
    // Nobody believes the other two, whoever sends them.
    let request = request
        .header("forwarded", format!("for=\"{}\"", chassis::clock::random_id()))
        .header("x-real-ip", "203.0.113.7");
    Answer::of(request.header("x-forwarded-for", forwarded))
        .await
        .status
}

#[tokio::test]
async fn nobody_gets_more_by_saying_that_he_is_another() {
    let api = Api::start_with(&["--address-limit=2/60s"]).await;
    let mut answers = Vec::new();
    for address in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        answers.push(products(&api, address).await);
    }
    assert_eq!(answers, [200, 200, 429], "nobody is believed");
    api.close().await;
    let api = Api::start_with(&["--address-limit=1/60s", "--trusted-proxies=127.0.0.0/8"]).await;
    assert_eq!(products(&api, "198.51.100.1").await, 200);
    assert_eq!(products(&api, "198.51.100.2").await, 200, "the proxy is believed");
    assert_eq!(
        products(&api, "198.51.100.9, 198.51.100.1").await,
        429,
        "the client is not"
    );
    assert_eq!(products(&api, "2001:db8::1").await, 200);
    assert_eq!(
        products(&api, "2001:db8::2").await,
        429,
        "the neighbour in the network"
    );
    api.close().await;
}

#[tokio::test]
async fn without_redis_each_replica_counts_by_itself() {
    let mut api = Api::start_with(&["--customer-limit=3/60s"]).await;
    let guest = Guest::new(&api);
    assert_eq!(guest.get("/v1/scheduled-orders").await.status, 200);
    drop(guest);
    api.servers.kill_redis().await;
    let guest = Guest::new(&api);
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(guest.get("/v1/scheduled-orders").await.status);
    }
    assert_eq!(answers, [200, 200, 200, 429]);
    api.close().await;
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    let api = Api::start().await;
    let with = |bytes: usize| {
        api.request(Method::GET, "/v1/products")
            .header("x-large", "x".repeat(bytes))
    };
    let refused = Answer::of(with(16_384)).await.problem(431, "headers-too-large");
    assert!(
        refused["detail"].as_str().unwrap().contains("16,384 bytes"),
        "{refused}"
    );
    assert_eq!(Answer::of(with(16_000)).await.status, 200);
    api.close().await;
}

#[tokio::test]
async fn pages_of_configured_origins_may_ask_and_no_other() {
    let api = Api::start_with(&["--cors-origins=https://shop.example"]).await;
    let ask = async |method: Method, origin: &'static str| {
        let request = api.request(method, "/v1/orders").header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        Answer::of(request.header("access-control-request-headers", "idempotency-key")).await
    };
    let preflight = ask(Method::OPTIONS, "https://shop.example").await;
    assert_eq!(preflight.status, 200);
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("idempotency-key")
    );
    assert_eq!(preflight.header("access-control-allow-credentials"), "");
    let answer = ask(Method::GET, "https://shop.example").await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(answer.header("access-control-expose-headers").contains("etag"));
    let change = api
        .request(Method::OPTIONS, "/v1/me")
        .header("origin", "https://shop.example");
    let change = Answer::of(change.header("access-control-request-method", "PATCH")).await;
    let allowed = change.header("access-control-allow-methods");
    assert!(change.status == 200 && allowed.contains("PATCH"), "{change:?}");
    for origin in [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://evil.shop.example",
        "http://shop.example",
        "https://shop.example:8443",
        "null",
    ] {
        for method in [Method::OPTIONS, Method::GET] {
            let other = ask(method, origin).await;
            assert_eq!(other.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(other.header("access-control-allow-methods"), "", "{origin}");
        }
    }
    api.close().await;
    let api = Api::start().await;
    let request = api
        .request(Method::GET, "/v1/products")
        .header("origin", "https://shop.example");
    assert_eq!(
        Answer::of(request).await.header("access-control-allow-origin"),
        ""
    );
    api.close().await;
}

#[tokio::test]
async fn connections_beyond_the_most_wait_for_their_turn() {
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    let api = Api::start_with(&["--max-connections=2", "--linger=0s"]).await;
    let head = b"GET /problems/not-found HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut open = Vec::new();
    let mut waiting = None;
    // Each of the two workers takes one, and may have taken one more before it saw that.
    for _ in 0..8 {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        stream.write_all(head).await.unwrap();
        let mut byte = [0];
        match tokio::time::timeout(Duration::from_secs(1), stream.read_exact(&mut byte)).await {
            Ok(read) => {
                read.unwrap();
                open.push(stream);
            }
            Err(_) => {
                waiting = Some(stream);
                break;
            }
        }
    }
    let mut waiting = waiting.expect("one has to wait");
    drop(open);
    let mut byte = [0];
    let served = tokio::time::timeout(Duration::from_secs(10), waiting.read_exact(&mut byte)).await;
    served.expect("it is served in the end").unwrap();
    api.close().await;
}
