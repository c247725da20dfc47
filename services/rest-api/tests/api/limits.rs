//! Input that is wrong, too large, too slow, or nonsense.

use std::time::{Duration, Instant};

use reqwest::{Body, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::{Answer, read_to_end};
use crate::support::{Api, Guest, draft};

#[tokio::test]
async fn each_field_that_is_wrong_is_named_and_no_order_is_made() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let with = |field: &str, value: Value| {
        let mut body = draft(&[("honey-acacia", 1)]);
        body[field] = value;
        body
    };
    let lines: Vec<_> = (0..101)
        .map(|n| json!({ "sku": format!("p-{n}"), "quantity": 1 }))
        .collect();
    for (body, error) in [
        (
            draft(&[("honey-acacia", 0)]),
            "/lines/0/quantity: must be a number from 1 to 999",
        ),
        (
            draft(&[("honey-acacia", 1_000_000)]),
            "/lines/0/quantity: must be a number from 1 to 999",
        ),
        (
            draft(&[("honey-acacia", -1)]),
            "/lines/0/quantity: must be a number from 1 to 999",
        ),
        (draft(&[]), "/lines: must have at least one line"),
        (with("lines", json!(lines)), "/lines: must have at most 100 lines"),
        (
            draft(&[("a", 1), ("a", 2)]),
            "/lines/1/sku: is on another line already",
        ),
        (
            draft(&[("a\u{0}", 1)]),
            "/lines/0/sku: must be 1 to 64 characters",
        ),
        (
            with("lines", json!([{ "sku": "a", "quantity": 1.5 }])),
            "/lines/0/quantity: invalid type",
        ),
        (
            with("lines", json!([{ "sku": "a", "quantity": "1" }])),
            "/lines/0/quantity: invalid type",
        ),
        (
            with("lines", json!([{ "sku": "a", "quantity": 1, "price": 1 }])),
            "/lines/0/price: unknown field",
        ),
        (with("lines", json!({})), "/lines: invalid type"),
        (
            with("total", json!({ "minor": 1, "currency": "EUR" })),
            "/total: unknown field `total`",
        ),
        (with("state", json!("confirmed")), "/state: unknown field `state`"),
        (
            with("customer", json!("guest:x")),
            "/customer: unknown field `customer`",
        ),
        (
            with("note", json!("x".repeat(2001))),
            "/note: must have at most 2000 characters",
        ),
        (
            with("note", json!("a\u{0}b")),
            "/note: must not contain control characters",
        ),
        (
            with("expected_total", json!({ "minor": -1, "currency": "EUR" })),
            "/expected_total/minor: must not be negative",
        ),
        (
            with("expected_total", json!({ "minor": 1, "currency": "euro" })),
            "/expected_total/currency: ",
        ),
        (
            with("contact", json!({ "name": "A", "email": "nonsense" })),
            "/contact/email: must be an e-mail address",
        ),
        (
            with("contact", json!({ "name": "A\u{7}", "email": "a@b.c" })),
            "/contact/name: must not contain control",
        ),
    ] {
        let fields = guest.send("key", &body).await.fields();
        assert!(
            fields.len() == 1 && fields[0].starts_with(error),
            "{error}: {fields:?}"
        );
    }
    let nothing = guest.send("key", &json!({})).await.fields();
    assert!(nothing.len() == 7, "every field, not only the first: {nothing:?}");
    api.assert_no_order().await;
    let longest: Vec<_> = lines.into_iter().take(100).collect();
    assert_eq!(
        guest.send("key", &with("lines", json!(longest))).await.status,
        202
    );
    api.close().await;
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_place() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let post = || {
        guest
            .request(Method::POST, "/v1/orders")
            .header("idempotency-key", "k")
    };
    let json = "application/json";
    for (body, detail) in [
        ("", "EOF while parsing a value at line 1 column 0."),
        ("{", "EOF while parsing an object at line 1 column 1."),
        ("{} {}", "trailing characters at line 1 column 4."),
        ("\u{feff}{}", "expected value at line 1 column 1."),
        (
            "{\"note\": \"\\ud800\"}",
            "unexpected end of hex escape at line 1 column 17.",
        ),
    ] {
        let answer = Answer::of(post().header("content-type", json).body(body)).await;
        assert_eq!(answer.problem(400, "malformed-json")["detail"], detail, "{body}");
    }
    let deep = "[".repeat(60_000);
    Answer::of(post().header("content-type", json).body(deep))
        .await
        .any_problem();
    let binary = post()
        .header("content-type", json)
        .body(b"{\"note\": \"\xff\"}".to_vec());
    Answer::of(binary).await.problem(400, "malformed-json");
    for (kind, coding) in [
        ("text/plain", "identity"),
        ("application/x-www-form-urlencoded", "identity"),
        ("nonsense", "identity"),
        (json, "gzip"),
    ] {
        let request = post()
            .header("content-type", kind)
            .header("content-encoding", coding)
            .body("{}");
        Answer::of(request).await.problem(415, "unsupported-media-type");
    }
    Answer::of(post().body("{}"))
        .await
        .problem(415, "unsupported-media-type");
    let body = draft(&[("honey-acacia", 1)]).to_string();
    api.assert_no_order().await;
    let good = post()
        .header("content-type", "Application/JSON; charset=utf-8")
        .body(body);
    assert_eq!(Answer::of(good).await.status, 202);
    api.close().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let post = || {
        guest
            .request(Method::POST, "/v1/orders")
            .header("idempotency-key", "k")
            .header("content-type", "application/json")
    };
    for size in [65_537, 10 << 20] {
        for _ in 0..5 {
            let announced = Answer::of(post().body(" ".repeat(size))).await;
            let refused = announced.problem(413, "body-too-large");
            assert_eq!(refused["detail"], "A body has at most 65,536 bytes.");
            let pieces = (0..size.div_ceil(8192)).map(|_| Ok::<_, std::io::Error>(vec![b' '; 8192]));
            let chunked = post().body(Body::wrap_stream(futures_util::stream::iter(pieces)));
            Answer::of(chunked).await.problem(413, "body-too-large");
        }
    }
    let mut body = draft(&[("honey-acacia", 1)]).to_string();
    api.assert_no_order().await;
    body.push_str(&" ".repeat(65_536 - body.len()));
    assert_eq!(
        Answer::of(post().body(body)).await.status,
        202,
        "65,536 bytes are taken"
    );
    api.close().await;
}

#[tokio::test]
async fn a_body_that_trickles_in_is_cut_off() {
    let api = Api::start_with(&["--body-timeout=2s"]).await;
    let guest = Guest::new(&api);
    for length in ["content-length: 1000", "transfer-encoding: chunked"] {
        let head = format!(
            "POST /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nidempotency-key: k\r\n\
             content-type: application/json\r\n{length}\r\n\r\n",
            guest.token
        );
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let began = Instant::now();
        let (mut reader, mut writer) = stream.into_split();
        let piece: &[u8] = if length.starts_with("content") {
            b"{"
        } else {
            b"1\r\n{\r\n"
        };
        let trickle = tokio::spawn(async move {
            let mut every = tokio::time::interval(Duration::from_secs(1));
            loop {
                every.tick().await;
                if writer.write_all(piece).await.is_err() {
                    return;
                }
            }
        });
        let answer = read_problem(&mut reader).await;
        trickle.abort();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains("/problems/body-too-slow"));
        assert!(answer.contains("A body has 2 s to arrive."), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
        assert!(
            began.elapsed() >= Duration::from_millis(1900),
            "{:?}",
            began.elapsed()
        );
    }
    api.assert_no_order().await;
    api.close().await;
}

/// Reads until an answer with a body is there.
async fn read_problem(reader: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut answer = Vec::new();
    let whole = async { while !answer.ends_with(b"}") && reader.read_buf(&mut answer).await.unwrap() > 0 {} };
    timeout(Duration::from_secs(8), whole)
        .await
        .expect("an answer in time");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_body_that_breaks_off_makes_no_order() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    let body = draft(&[("honey-acacia", 1)]).to_string();
    let head = format!(
        "POST /v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        guest.token,
        body.len() + 1
    );
    let mut stream = TcpStream::connect(api.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read_to_end(&mut stream, Duration::from_secs(5)).await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    api.assert_no_order().await;
    api.close().await;
}
