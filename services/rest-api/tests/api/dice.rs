//! Requests drawn at random, most of them nearly right.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::support::{Guest, draft};

pub(crate) fn request(dice: &mut StdRng, guest: &Guest<'_>, order: &str) -> Vec<u8> {
    let method = pick(
        dice,
        &[
            "GET", "GET", "POST", "POST", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "BREW",
        ],
    );
    let mut path = path(dice, order);
    if dice.random_ratio(1, 3) {
        let name = pick(dice, &["limit", "cursor", "state", "category", "x", ""]);
        let value = pick(
            dice,
            &[
                "1",
                "0",
                "-1",
                "x",
                "%00",
                "%FF",
                "confirmed",
                "eA",
                "99999999999",
                "a=b&limit=1",
                "tea",
            ],
        );
        path = format!("{path}?{name}={value}");
    }
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n").into_bytes();
    let bearer = format!("Bearer {}", guest.token);
    let headers: [(&str, &[&str]); 8] = [
        (
            "authorization",
            &[
                bearer.as_str(),
                &bearer,
                &bearer,
                "Bearer wbg_x",
                "Basic eDp5",
                "\u{e4}",
                "",
            ],
        ),
        (
            "idempotency-key",
            &["k", "a-2", "b-3", "c-4", "", "two words", "\u{e4}"],
        ),
        (
            "content-type",
            &[
                "application/json",
                "application/json",
                "application/json",
                "text/plain",
                "\u{e4}",
                "application/x+json",
                ";",
            ],
        ),
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
            &[
                "gzip",
                "br",
                "*;q=0",
                "compress, *;q=0",
                "identity;q=0",
                "\u{e4}",
                ";;,q",
            ],
        ),
        ("content-encoding", &["gzip", "identity", "\u{e4}"]),
        ("x-request-id", &["abc", "\u{e4}", "a b", ""]),
    ];
    for (number, (name, values)) in headers.into_iter().enumerate() {
        let odds = if number < 3 { 9 } else { 3 };
        if dice.random_ratio(odds, 10) {
            head.extend(format!("{name}: {}\r\n", pick(dice, values)).bytes());
        }
    }
    let body = if method == "GET" || method == "HEAD" {
        Vec::new()
    } else {
        body(dice)
    };
    if dice.random_ratio(1, 4) {
        head.extend(b"transfer-encoding: chunked\r\n\r\n");
        for piece in body.chunks(1000) {
            head.extend(format!("{:x}\r\n", piece.len()).bytes());
            head.extend(piece.iter().chain(b"\r\n"));
        }
        head.extend(b"0\r\n\r\n");
    } else {
        head.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
        head.extend(body);
    }
    head
}

fn path(dice: &mut StdRng, order: &str) -> String {
    let cancellation = format!("{order}/cancellation");
    let events = format!("{order}/events");
    let whole = pick(
        dice,
        &[
            "/v1/orders",
            "/v1/orders",
            "/v1/orders",
            "/v1/products",
            "/v1/guest-sessions",
            order,
            &events,
            &cancellation,
            "/v1/products/honey-acacia",
            "/problems/unavailable",
            "?",
            "?",
            "?",
        ],
    );
    if whole != "?" {
        return whole.to_owned();
    }
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
        "{id}",
    ];
    let count = dice.random_range(1..=4);
    let own = pick(
        dice,
        &[
            "/v1/installations/00000000-0000-4000-8000-000000000000",
            "/v1/orders",
            "",
        ],
    );
    (0..count).fold(own.to_owned(), |path, _| {
        let part = pick(dice, &parts).replace(['{', '}'], "");
        if path.contains("installations/0") {
            path
        } else {
            format!("{path}/{part}")
        }
    })
}

fn body(dice: &mut StdRng) -> Vec<u8> {
    let mut value = match dice.random_range(0..10) {
        0 => return (0..dice.random_range(0..200)).map(|_| dice.random()).collect(),
        1 => return Vec::new(),
        2 => return b" ".repeat(dice.random_range(60_000..70_000)),
        3 => json!({}),
        4 | 5 => {
            json!({ "app": "a", "platform": pick(dice, &["apns", "fcm", "wns"]), "channel": { "token": "0a".repeat(32) } })
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

fn pick<'a>(dice: &mut StdRng, from: &[&'a str]) -> &'a str {
    from.choose(dice).copied().unwrap_or_default()
}
