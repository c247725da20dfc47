//! Orders for later, and what dies before their time.

use std::time::Duration;

use chassis::clock;
use devstack::Part;
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::{Answer, Shop, draft, orders_only, read};

/// Long enough for all that dies to be back, on a busy machine too.
const LATER: Duration = Duration::from_secs(12);
const DYING: [Part; 4] = [Part::OrderProcessor, Part::RestApi, Part::Redis, Part::Nats];

async fn schedule(shop: &Shop, guest: &str, number: u32, body: &Value) -> Answer {
    let request = shop
        .http
        .post(format!("{}/v1/scheduled-orders", shop.stack.api_url()))
        .bearer_auth(guest)
        .header("Idempotency-Key", format!("later-{number}"))
        .json(body);
    read(request).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_orders_are_placed_once_though_everything_dies_before_their_time() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 999).await;
    let guest = shop.guest().await;
    let mut body = draft("tea", 1);
    body["place_at"] = (clock::now() + LATER).to_string().into();
    let schedule_all = async || {
        let answers = join_all((0..10).map(|number| schedule(&shop, &guest, number, &body))).await;
        let id = |answer: &Answer| answer.body["id"].as_str().map(str::to_owned);
        let ids: Vec<String> = answers.iter().filter_map(id).collect();
        (answers, ids)
    };
    let (answers, ids) = schedule_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");

    for part in DYING {
        shop.stack.kill(part).await.unwrap();
    }
    for part in DYING.into_iter().rev() {
        shop.stack.start_part(part).await.unwrap();
    }
    let (answers, again) = schedule_all().await;
    assert_eq!(
        again, ids,
        "the same requests are the same schedules: {answers:?}"
    );
    assert_eq!(shop.orders(), "0");

    for id in &ids {
        shop.in_state(id, "confirmed").await;
    }
    let (answers, again) = schedule_all().await;
    assert_eq!(
        again, ids,
        "nor does another try order anything more: {answers:?}"
    );
    shop.processed().await;
    assert_eq!(shop.orders(), "10");
    assert_eq!(
        shop.sql("SELECT available FROM products WHERE sku = 'tea'"),
        "989"
    );
    assert_eq!(shop.dead_letters().await, Vec::<Value>::new());
}
