//! An account that is erased while the processor dies: nothing personal is left anywhere.

use std::process::Command;
use std::time::Duration;

use devstack::Part;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use crate::support::{Answer, SOON, Shop, draft, hold_row, orders_only, read, until};

/// More than the processor handles in one batch.
const ORDERS: usize = 400;
const PASSWORD: &str = "correct horse battery";
const PERSONAL: [&str; 5] = [
    "quixotic",
    "Zanzibar-Gasse",
    "Thistlewaite",
    "99 555 01",
    "ring for the butler",
];

/// Everything an order says of its customer.
fn personal(sku: &str) -> Value {
    let mut body = draft(sku, 1);
    body["contact"] =
        json!({ "name": "Thistlewaite", "email": "quixotic@example.org", "phone": "+43 99 555 01" });
    body["shipping_address"]["street"] = "Zanzibar-Gasse 1".into();
    body["note"] = "Please ring for the butler.".into();
    body
}

async fn post(shop: &Shop, token: Option<&str>, path: &str, key: &str, body: &Value) -> Answer {
    let request = shop
        .http
        .post(format!("{}{path}", shop.stack.api_url()))
        .header("Idempotency-Key", key)
        .json(body);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    read(request).await.unwrap()
}

/// The tables whose rows hold `text`, whatever their columns.
fn tables_with(shop: &Shop, text: &str) -> String {
    shop.sql(&format!(
        "SELECT coalesce(string_agg(table_name, ' '), '') FROM information_schema.tables, \
         LATERAL (SELECT query_to_xml(format('SELECT * FROM %I', table_name), true, true, '')::text AS rows) AS held \
         WHERE table_schema = 'public' AND rows ILIKE '%{text}%'"
    ))
}

/// Every key and value of Redis.
fn redis(shop: &Shop) -> String {
    let everything = "local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do \
        all[#all + 1] = key local kind = redis.call('TYPE', key).ok \
        local held = kind == 'hash' and redis.call('HGETALL', key) or kind == 'set' and redis.call('SMEMBERS', key) \
            or kind == 'zset' and redis.call('ZRANGE', key, 0, -1) or kind == 'list' and redis.call('LRANGE', key, 0, -1) \
            or { redis.call('GET', key) } \
        for _, value in ipairs(held) do all[#all + 1] = value end end return all";
    let output = Command::new("redis-cli")
        .args([
            "-u",
            shop.stack.redis_url(),
            "--no-auth-warning",
            "EVAL",
            everything,
            "0",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether `text` stands in what `EVENTS` keeps on disk.
fn told(shop: &Shop, text: &str) -> bool {
    let (mut folders, mut found, mut files) = (vec![shop.stack.folder().join("nats")], false, 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.iter().any(|part| part == "EVENTS") {
                let held = std::fs::read(path).unwrap_or_default();
                found |= held.windows(text.len()).any(|part| part == text.as_bytes());
                files += 1;
            }
        }
    }
    assert!(files > 0, "EVENTS is somewhere else");
    found
}

fn count(shop: &Shop, condition: &str) -> usize {
    shop.sql(&format!("SELECT count(*) FROM orders WHERE {condition}"))
        .parse()
        .unwrap()
}

/// Signs up with an address book, a device, and orders of the account and of the guest it was.
async fn customer(shop: &Shop) -> String {
    let guest = shop.guest().await;
    let answer = post(
        shop,
        Some(&guest),
        "/v1/orders",
        "as-a-guest",
        &personal("nothing"),
    )
    .await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let sign_up = json!({ "email": "quixotic@example.org", "password": PASSWORD, "name": "Thistlewaite", "guest_token": guest });
    let token = post(shop, None, "/v1/sign-up", "", &sign_up).await.body["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut home = json!({ "name": "Thistlewaite" });
    home["shipping_address"] = personal("tea")["shipping_address"].clone();
    let added = post(shop, Some(&token), "/v1/me/addresses", "home", &home).await;
    assert_eq!(added.status, 201, "{added:?}");
    // Of something that there is not: rejected, and so at their end.
    let orders = stream::iter(0..ORDERS).map(|number| {
        let (token, body) = (&token, personal("nothing"));
        async move { post(shop, Some(token), "/v1/orders", &format!("order-{number}"), &body).await }
    });
    let answers: Vec<Answer> = orders.buffer_unordered(16).collect().await;
    assert!(
        answers.iter().all(|answer| answer.status == 202),
        "{:?}",
        answers[0]
    );
    token
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_many_orders_is_erased_though_the_processor_dies_in_the_middle() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 10).await;
    let token = customer(&shop).await;
    let open = shop.order(&token, "open", &personal("tea")).await;
    let mut later = personal("tea");
    later["place_at"] = (chassis::clock::now() + Duration::from_secs(3600))
        .to_string()
        .into();
    let scheduled = post(&shop, Some(&token), "/v1/scheduled-orders", "later", &later).await;
    assert_eq!(scheduled.status, 201, "{scheduled:?}");
    shop.processed().await;
    shop.in_state(&open, "confirmed").await;
    assert_eq!(count(&shop, "state = 'rejected'"), ORDERS + 1);
    for text in PERSONAL {
        assert_ne!(tables_with(&shop, text), "", "{text} can be found");
    }

    // The last one that is walked to can't be written, so that the processor stops in the middle; there it dies.
    let held = hold_row(
        &shop,
        "orders WHERE id = (SELECT id FROM orders WHERE state = 'rejected' ORDER BY id DESC LIMIT 1)",
    )
    .await;
    let request = shop
        .http
        .delete(format!("{}/v1/me", shop.stack.api_url()))
        .bearer_auth(&token)
        .header("Idempotency-Key", "erase")
        .json(&json!({ "password": PASSWORD }));
    let erased = read(request).await.unwrap();
    assert_eq!(erased.status, 204, "{erased:?}");
    until("the processor to be in the middle", SOON, async || {
        let done = count(&shop, "document ? 'erased_at'");
        ((1..ORDERS).contains(&done) && shop.processors_waiting() > 0).then_some(())
    })
    .await;
    shop.stack.kill(Part::OrderProcessor).await.unwrap();
    held.release(&shop).await;
    assert!(count(&shop, "state = 'rejected' AND NOT document ? 'erased_at'") > 0);
    shop.stack.start_part(Part::OrderProcessor).await.unwrap();
    until("the erasure to be done", SOON, async || {
        let left = shop.sql("SELECT count(*) FROM erased_customers WHERE done_at IS NULL");
        (left == "0").then_some(())
    })
    .await;
    shop.processed().await;

    // What is under way keeps what its delivery needs, and nothing else does.
    assert_eq!(tables_with(&shop, "Zanzibar-Gasse"), "orders");
    assert_eq!(count(&shop, "document::text ILIKE '%Zanzibar-Gasse%'"), 1);
    shop.ctl(["orders", "ship", &open, "--tracking", "quixotic-1"])
        .await;
    shop.ctl(["orders", "deliver", &open]).await;
    for text in PERSONAL {
        assert_eq!(tables_with(&shop, text), "", "{text} is left in Postgres");
    }
    shop.processed().await;
    let cached = redis(&shop);
    assert!(cached.contains("[erased]"), "orders are cached");
    for text in PERSONAL {
        assert!(!cached.contains(text), "{text} is left in Redis");
    }
    let once = "SELECT count(*) FROM (SELECT FROM order_history WHERE (entry ->> 'erased')::boolean \
                GROUP BY order_id HAVING count(*) = 1) AS once";
    assert_eq!(shop.sql(once), (ORDERS + 2).to_string(), "each in one version");
    assert_eq!(
        shop.sql("SELECT count(*) FROM order_history WHERE (entry ->> 'erased')::boolean"),
        (ORDERS + 2).to_string()
    );
    assert_eq!(shop.dead_letters().await, Vec::<Value>::new());
    // Every version stands in `EVENTS` and `AUDIT`, in its order.
    shop.ctl(["reconcile"]).await;
    for text in PERSONAL {
        assert!(!told(&shop, text), "{text} was told");
    }
}
