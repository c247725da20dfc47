//! Bodies drawn at random, each of them nearly right.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::dice::pick;
use crate::support::draft;

pub(crate) fn scheduled(dice: &mut StdRng) -> Value {
    let times = [
        "2999-01-01T09:00:00Z",
        "2020-01-01T09:00:00+01:00",
        "9999-12-31T23:59:59Z",
        "soon",
    ];
    let mut body = draft(&[("honey-acacia", 1)]);
    let soon = chassis::clock::now() + jiff::SignedDuration::from_hours(1);
    body["place_at"] = match dice.random_ratio(1, 2) {
        true => soon.to_string().into(),
        false => pick(dice, &times).into(),
    };
    body
}

pub(crate) fn wish(dice: &mut StdRng) -> Value {
    let topics = [
        "catalog.restocked",
        "order.shipped",
        "catalog.to-come",
        "push.sent",
    ];
    let conditions = [
        "price_minor < 2000",
        "sku IN ('a', 'b')",
        "state = ",
        "((",
        "name LIKE '%\u{0}'",
    ];
    json!({ "topic": pick(dice, &topics), "condition": pick(dice, &conditions) })
}

pub(crate) fn device(dice: &mut StdRng) -> Value {
    let (platform, channel) = [
        ("apns", json!({ "token": "0a".repeat(32) })),
        ("fcm", json!({ "kind": "token", "value": "0123456789" })),
        ("wns", json!({ "uri": "https://db5.notify.windows.com/?token=a" })),
        ("webpush", crate::subscriptions::subscription()),
    ]
    .choose(dice)
    .unwrap()
    .clone();
    json!({ "app": "a", "platform": platform, "channel": channel, "locale": "en", "tags": ["a"] })
}

pub(crate) fn patch(dice: &mut StdRng) -> Value {
    let places = [
        "/tags",
        "/tags/0",
        "/tags/-",
        "/channel",
        "/channel/value",
        "/locale",
        "/app",
        "",
        "/~2",
    ];
    let names = ["add", "remove", "replace", "move", "copy", "test"];
    let operation = |dice: &mut StdRng| match pick(dice, &names) {
        name @ ("move" | "copy") => {
            json!({ "op": name, "path": pick(dice, &places), "from": pick(dice, &places) })
        }
        "remove" => json!({ "op": "remove", "path": pick(dice, &places) }),
        name => json!({ "op": name, "path": pick(dice, &places), "value": "b" }),
    };
    let count = dice.random_range(0..4);
    (0..count).map(|_| operation(dice)).collect()
}
