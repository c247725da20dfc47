//! Requests drawn at random, most of them nearly right.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::drawn::{device, patch, scheduled, wish};
use crate::support::{Guest, draft};

/// Headers beside those that a request needs, and values that are not all theirs.
const HEADERS: [(&str, &[&str]); 5] = [
    (
        "if-none-match",
        &[
            "\"1\"",
            "W/\"2\"",
            "*",
            "x",
            "\"",
            "\u{e4}",
            "\"1-held\"",
            "\"99999999999\"",
        ],
    ),
    ("last-event-id", &["1", "4294967295", "-1", "x", "", "\u{e4}"]),
    (
        "accept-encoding",
        &["gzip", "br", "deflate", "*", "*;q=0", "\u{e4}", ";;,q"],
    ),
    ("content-encoding", &["gzip", "identity", "identity", "\u{e4}"]),
    ("x-request-id", &["abc", "\u{e4}", "a b", ""]),
];

pub(crate) fn request(dice: &mut StdRng, guest: &Guest<'_>, order: &str) -> Vec<u8> {
    let (mut method, mut path) = place(dice, order);
    if dice.random_ratio(1, 10) {
        method = pick(
            dice,
            &["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "BREW"],
        );
    }
    if dice.random_ratio(1, 3) {
        let name = pick(dice, &["limit", "cursor", "state", "category", "x", ""]);
        let numbers = ["1", "0", "-1", "99999999999", "a=b&limit=1"];
        let words = [
            "x",
            "%00",
            "%FF",
            "confirmed",
            "eA",
            "tea",
            "LTAwOTk5OS0wMS0wMlQwMTo1OTo1OVogeA",
        ];
        let value = *numbers
            .iter()
            .chain(&words)
            .collect::<Vec<_>>()
            .choose(dice)
            .unwrap();
        path = format!("{path}?{name}={value}");
    }
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    let mut add = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    let bearer = format!("Bearer {}", guest.token);
    let key = dice.random::<u64>().to_string();
    let mostly = |dice: &mut StdRng, right: &str, wrong: &[&str]| {
        if dice.random_ratio(19, 20) {
            right.to_owned()
        } else {
            pick(dice, wrong).to_owned()
        }
    };
    add(
        "authorization",
        &mostly(dice, &bearer, &["Bearer wbg_x", "Basic eDp5", "\u{e4}", ""]),
    );
    add(
        "idempotency-key",
        &mostly(dice, &key, &["k", "k", "", "two words", "\u{e4}"]),
    );
    let kind = match method {
        "PATCH" => "application/json-patch+json",
        _ => "application/json",
    };
    add(
        "content-type",
        &mostly(dice, kind, &["text/plain", "\u{e4}", "a/x+json", ";"]),
    );
    let tags = [
        "\"1\"",
        "\"2\"",
        "\"1-held\"",
        "W/\"2\"",
        "\"1\", \"2\"",
        "\"99999999999\"",
        "x",
        "\"",
        "\u{e4}",
        "",
    ];
    if dice.random_ratio(9, 10) {
        add("if-match", &mostly(dice, "*", &tags));
    }
    for (name, values) in HEADERS {
        if dice.random_ratio(1, 8) {
            add(name, pick(dice, values));
        }
    }
    let empty = method == "GET" || method == "HEAD";
    let body = if empty {
        Vec::new()
    } else {
        body(dice, method, &path)
    };
    finish(dice, head, &body)
}

fn finish(dice: &mut StdRng, head: String, body: &[u8]) -> Vec<u8> {
    let mut request = head.into_bytes();
    if dice.random_ratio(1, 4) {
        request.extend(b"transfer-encoding: chunked\r\n\r\n");
        for piece in body.chunks(1000) {
            request.extend(format!("{:x}\r\n", piece.len()).bytes());
            request.extend(piece.iter().chain(b"\r\n"));
        }
        request.extend(b"0\r\n\r\n");
    } else {
        request.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
        request.extend(body);
    }
    request
}

fn place(dice: &mut StdRng, order: &str) -> (&'static str, String) {
    let places = [
        ("POST", "/v1/orders".to_owned()),
        ("POST", "/v1/orders".to_owned()),
        (
            "PUT",
            "/v1/installations/00000000-0000-4000-8000-000000000000".to_owned(),
        ),
        (
            "PUT",
            "/v1/installations/00000000-0000-4000-8000-000000000000".to_owned(),
        ),
        (
            "PATCH",
            "/v1/installations/00000000-0000-4000-8000-000000000000".to_owned(),
        ),
        ("POST", "/v1/wishes".to_owned()),
        ("GET", "/v1/wishes".to_owned()),
        ("GET", "/v1/orders".to_owned()),
        ("GET", "/v1/products".to_owned()),
        ("POST", "/v1/guest-sessions".to_owned()),
        ("GET", order.to_owned()),
        ("GET", format!("{order}/events")),
        ("POST", format!("{order}/cancellation")),
        ("POST", "/v1/scheduled-orders".to_owned()),
        ("PUT", order.replace("/orders/", "/scheduled-orders/")),
        ("DELETE", order.replace("/orders/", "/scheduled-orders/")),
        ("POST", "/v1/order-groups".to_owned()),
        ("GET", "/v1/products/honey-acacia".to_owned()),
        ("GET", odd_path(dice)),
    ];
    places.choose(dice).unwrap().clone()
}

fn odd_path(dice: &mut StdRng) -> String {
    let parts = [
        "v1",
        "orders",
        "products",
        "installations",
        "events",
        "cancellation",
        "problems",
        "x",
        "..",
        ".",
        "",
        "%00",
        "%FF",
        "%2F",
        "%2e%2e",
        "00000000-0000-8000-8000-000000000000",
        "1",
        "a:b",
        "~",
    ];
    let own = pick(dice, &["/v1/orders", "/v1/products", "/problems", ""]).to_owned();
    (0..dice.random_range(1..=4)).fold(own, |path, _| format!("{path}/{}", pick(dice, &parts)))
}

fn body(dice: &mut StdRng, method: &str, path: &str) -> Vec<u8> {
    let mut value = match dice.random_range(0..20) {
        0 => return (0..dice.random_range(0..200)).map(|_| dice.random()).collect(),
        1 => return b" ".repeat(dice.random_range(60_000..70_000)),
        2 => json!({}),
        _ if path.contains("cancellation") || path.contains("sessions") => return Vec::new(),
        _ if path.contains("installations") && method == "PATCH" => patch(dice),
        _ if path.contains("installations") => device(dice),
        _ if path.contains("wishes") => wish(dice),
        _ if path.contains("scheduled") => scheduled(dice),
        _ if path.contains("groups") => {
            let order = draft(&[("honey-acacia", 1)]);
            json!({ "orders": vec![order; dice.random_range(1..=3)] })
        }
        _ => draft(&[("honey-acacia", 1), ("no-such-thing", 2)]),
    };
    for _ in 0..dice.random_range(0..3) {
        spoil(dice, &mut value);
    }
    let mut text = value.to_string().into_bytes();
    if dice.random_ratio(1, 10) && !text.is_empty() {
        let at = dice.random_range(0..text.len());
        text[at] = dice.random();
    }
    text
}

/// Puts something else somewhere into `value`.
fn spoil(dice: &mut StdRng, value: &mut Value) {
    match value {
        Value::Object(fields) if dice.random_ratio(5, 6) => {
            let names: Vec<_> = fields
                .keys()
                .cloned()
                .chain(["note".into(), "expected_total".into(), "locale".into()])
                .collect();
            let name = names.choose(dice).unwrap().clone();
            spoil(dice, fields.entry(name).or_insert(Value::Null));
        }
        Value::Array(items) if !items.is_empty() && dice.random_ratio(5, 6) => {
            let at = dice.random_range(0..items.len());
            spoil(dice, &mut items[at]);
        }
        other => {
            let long = "\u{1f375}".repeat(3000);
            let odd = [
                json!(null),
                json!(true),
                json!(0),
                json!(-1),
                json!(1.5),
                json!(1e300),
                json!(u64::MAX),
                json!([]),
                json!({}),
                json!(""),
                json!("\u{0}"),
                json!("a\u{0}b"),
                json!("\u{202e}x"),
                json!(long),
                json!("a\nb"),
                json!([[[]]]),
                json!({ "minor": i64::MAX, "currency": "EUR" }),
                json!({ "uri": "https://notify.windows.com/\u{0}" }),
                json!({ "kind": "token", "value": "0123456789\u{0}" }),
                json!("x@y.z"),
                json!("en"),
            ];
            *other = odd.choose(dice).unwrap().clone();
        }
    }
}

pub(crate) fn pick<'a>(dice: &mut StdRng, from: &[&'a str]) -> &'a str {
    from.choose(dice).copied().unwrap_or_default()
}
