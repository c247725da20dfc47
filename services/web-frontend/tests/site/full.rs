//! A stream of commands that is full.

use devstack::testing::{change_stream, eventually};
use reqwest::{Response, StatusCode};
use serde_json::json;

use crate::support::{Site, Visitor, inputs, location};

/// Waits until the page at `address` says `words`.
async fn says(shopper: &mut Visitor<'_>, address: &str, words: &str) {
    eventually(words, async || {
        let page = shopper.get(address).await.text().await.unwrap();
        page.contains(words).then_some(())
    })
    .await;
}

fn assert_busy(answer: &Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "5");
}

#[tokio::test]
async fn while_orders_are_full_a_shopper_keeps_his_form_and_sends_it_when_there_is_room() {
    let mut site = Site::open().await;
    let (cookie, first, form) = {
        let mut shopper = Visitor::new(&site);
        let first = shopper.order("quantity.honey-acacia=1").await;
        change_stream(&site.servers.nats_url, "ORDERS", &json!({ "max_msgs": 1 })).await;
        let form = shopper.fill("quantity.honey-acacia=2").await;
        let refused = shopper.post("/orders", &form).await;
        assert_busy(&refused);
        let page = refused.text().await.unwrap();
        assert!(
            page.contains("Ada Lovelace") && page.contains("Ring twice"),
            "{page}"
        );
        // The page carries the same key, so that sending it again is the same order.
        let key = |fields: &[(String, String)]| {
            let key = fields.iter().find(|(name, _)| name == "key");
            key.map(|(_, key)| key.clone()).unwrap()
        };
        assert_eq!(key(&inputs(&page)), key(&form));
        assert_busy(&shopper.post("/orders", &form).await);
        let orders = shopper.get("/orders").await;
        assert_eq!(orders.status(), StatusCode::OK, "what is stored is shown");
        (shopper.cookie, first, form)
    };
    site.start_processor();
    let mut shopper = Visitor::new(&site);
    shopper.cookie = cookie;
    says(&mut shopper, &first, ">Confirmed</h1>").await;
    let accepted = eventually("the same form to be taken", async || {
        let answer = shopper.post("/orders", &form).await;
        (answer.status() == StatusCode::SEE_OTHER).then(|| location(&answer))
    })
    .await;
    assert_ne!(accepted, first);
    says(&mut shopper, &accepted, ">Confirmed</h1>").await;
    drop(shopper);
    site.close().await;
}
