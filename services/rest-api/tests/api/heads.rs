//! Heads of requests that are too slow or too large, and methods and addresses that are not ours.

use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::answer::{Answer, raw, read_to_end};
use crate::stream::Stream;
use crate::support::{Api, Guest};

#[tokio::test]
async fn a_head_that_does_not_arrive_is_cut_off() {
    let api = Api::start().await;
    let began = Instant::now();
    let answer = raw(
        api.address,
        b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ",
        Duration::from_secs(10),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(began.elapsed() >= Duration::from_secs(4), "{:?}", began.elapsed());
    let large = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let mut stream = TcpStream::connect(api.address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let writing = writer.write_all(large.as_bytes());
    let (_, answer) = tokio::join!(writing, read_to_end(&mut reader, Duration::from_secs(10)));
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    api.close().await;
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_to_its_end_is_cut_off() {
    let api = Api::start_with(&["--body-timeout=1s"]).await;
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    let events = guest.request(Method::GET, &format!("{order}/events"));
    let mut events = Stream::of(events.send().await.unwrap());
    let later_head =
        "GET /problems/not-found HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nx-slow: ";
    let rest_of_a_body = "POST /v1/nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n";
    let began = Instant::now();
    let limit = Duration::from_secs(14);
    let (later, rest) = tokio::join!(
        raw(api.address, later_head.as_bytes(), limit),
        raw(api.address, rest_of_a_body.as_bytes(), limit)
    );
    assert!(later.starts_with("HTTP/1.1 200"), "{later}");
    assert!(rest.starts_with("HTTP/1.1 404"), "{rest}");
    assert!(
        began.elapsed() >= Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(events.next().await.unwrap().id, "1");
    let wish = guest.cancel(&order, "k").await;
    assert_eq!(wish.status, 202);
    api.close().await;
    assert_eq!(
        events.next().await,
        None,
        "a silent stream lives on to the service's end"
    );
}

#[tokio::test]
async fn methods_and_addresses_that_are_not_ours_are_refused() {
    let api = Api::start().await;
    let own = Method::from_bytes(b"BREW").unwrap();
    for (method, path, allowed) in [
        (Method::DELETE, "/v1/orders", "GET, HEAD, POST"),
        (Method::PUT, "/v1/orders/x", "GET, HEAD"),
        (Method::GET, "/v1/guest-sessions", "POST"),
        (Method::POST, "/v1/orders/x/events", "GET"),
        (Method::GET, "/v1/orders/x/cancellation", "POST"),
        (
            Method::POST,
            "/v1/installations/x",
            "GET, HEAD, PUT, PATCH, DELETE",
        ),
        (Method::OPTIONS, "/v1/products", "GET, HEAD"),
        (Method::TRACE, "/v1/products/x", "GET, HEAD"),
        (Method::PATCH, "/problems/not-found", "GET, HEAD"),
        (own.clone(), "/v1/products", "GET, HEAD"),
    ] {
        let answer = Answer::of(api.request(method.clone(), path)).await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
    for path in [
        "/",
        "/v1",
        "/v1/orders/",
        "/v1/orders/x/y",
        "/.env",
        "/v2/orders",
        "//",
        "/%00",
    ] {
        for method in [Method::GET, Method::POST, own.clone()] {
            Answer::of(api.request(method, path))
                .await
                .problem(404, "not-found");
        }
    }
    api.get("/problems/nothing").await.problem(404, "not-found");
    for path in ["/metrics", "/livez", "/readyz"] {
        api.get(path).await.problem(404, "not-found");
        assert_eq!(
            api.ask_admin(path).await.status,
            200,
            "{path} has a port of its own"
        );
    }
    for path in ["/v1/products", "/v1/orders", "/openapi.json"] {
        assert_eq!(api.ask_admin(path).await.status, 404, "{path} is not there");
    }
    api.close().await;
}
