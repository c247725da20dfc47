//! The main job: ordered once, seen live, told to every device.

use devstack::{Part, StackOptions};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::{SOON, Shop, draft, read, until};

const PLATFORMS: [&str; 4] = ["apns", "fcm", "wns", "webpush"];

impl Shop {
    /// Registers a phone or PC of the guest's, and gives its id in the sandbox.
    async fn device(&self, token: &str, platform: &str) -> String {
        let sandbox = self.stack.sandbox_url();
        let made = self
            .http
            .post(format!("{sandbox}/devices"))
            .json(&json!({ "platform": platform }));
        let made = read(made).await.unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        let address = format!(
            "{}/v1/installations/{}",
            self.stack.api_url(),
            made.body["installation_id"].as_str().unwrap()
        );
        let registration = self
            .http
            .put(address)
            .bearer_auth(token)
            .json(&made.body["registration"]["body"]);
        let registered = read(registration).await.unwrap();
        assert_eq!(registered.status, 201, "{registered:?}");
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// What the sandbox's devices have shown about an order, each as its device and title.
    async fn shown(&self, order: &str) -> Vec<(String, String)> {
        let address = format!("{}/deliveries?order={order}", self.stack.sandbox_url());
        let deliveries = read(self.http.get(address)).await.unwrap().body;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let shown = deliveries.as_array().unwrap().iter();
        shown
            .map(|push| (text(&push["device"]), text(&push["title"])))
            .collect()
    }

    /// Waits until each device has shown this title about the order.
    async fn told(&self, order: &str, devices: &[String], title: &str) {
        until(&format!("{title:?} on every device"), SOON, async || {
            let shown = self.shown(order).await;
            let told = |device: &String| shown.contains(&(device.clone(), title.to_owned()));
            devices.iter().all(told).then_some(())
        })
        .await;
    }

    /// Watches an order until it is in this state; gives each version and state that was sent.
    async fn watched(&self, token: &str, id: &str, last: &str) -> Vec<(u64, String)> {
        let address = format!("{}/v1/orders/{id}/events", self.stack.api_url());
        let stream = self.http.get(address).bearer_auth(token).send().await.unwrap();
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let (mut chunks, mut text, mut seen) = (stream.bytes_stream(), String::new(), Vec::new());
        while seen.last().is_none_or(|(_, state)| state != last) {
            let chunk = tokio::time::timeout(SOON, chunks.next()).await.unwrap();
            text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
            while let Some((event, rest)) = text.split_once("\n\n") {
                seen.extend(order_event(event));
                text = rest.to_owned();
            }
        }
        seen
    }
}

/// Version and state in a server-sent event; none for a comment.
fn order_event(event: &str) -> Option<(u64, String)> {
    let data = event.lines().find_map(|line| line.strip_prefix("data:"))?;
    let order: Value = serde_json::from_str(data).unwrap();
    let id = event.lines().find_map(|line| line.strip_prefix("id:")).unwrap();
    assert_eq!(id.trim(), order["version"].to_string());
    Some((
        order["version"].as_u64().unwrap(),
        order["state"].as_str().unwrap().to_owned(),
    ))
}

/// Each comes once, and none goes back.
fn assert_ascending(seen: &[(u64, String)]) {
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "{seen:?}");
}

async fn shop() -> Shop {
    let options = StackOptions::for_test()
        .unwrap()
        .seeded()
        .without(Part::WebFrontend);
    Shop::start(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_accepted_decided_seen_live_stored_and_told_to_every_device() {
    let shop = shop().await;
    let token = shop.guest().await;
    let mut devices = Vec::new();
    for platform in PLATFORMS {
        devices.push(shop.device(&token, platform).await);
    }
    let id = shop.order(&token, "first", &draft("earl-grey-bergamot", 2)).await;
    let seen = shop.watched(&token, &id, "confirmed").await;
    assert_ascending(&seen);
    shop.told(&id, &devices, "Your order is confirmed").await;
    shop.idle().await;

    let stored = shop.sql(&format!(
        "SELECT state, version, document->>'state', document->'total'->>'minor', document->'lines'->0->>'name', \
         jsonb_array_length(document->'history') FROM orders WHERE id = '{id}'"
    ));
    assert_eq!(stored, "confirmed|2|confirmed|1980|Earl Grey with Bergamot|2");

    shop.ctl(["orders", "ship", &id]).await;
    shop.told(&id, &devices, "Your order is on its way").await;
    let read = shop.read(&token, &id).await;
    assert_eq!((read.status, &read.body["state"]), (200, &json!("shipped")));
    let stranger = shop.guest().await;
    assert_eq!(shop.read(&stranger, &id).await.status, 404);
    shop.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_processor_runs_an_order_is_accepted_and_its_customer_told_that_it_was_received() {
    let shop = shop().await;
    let token = shop.guest().await;
    let device = [shop.device(&token, "apns").await];
    shop.stack.terminate(Part::OrderProcessor).await.unwrap();
    let id = shop.order(&token, "first", &draft("earl-grey-bergamot", 1)).await;
    shop.told(&id, &device, "We have received your order").await;
    let read = shop.read(&token, &id).await;
    assert_eq!((read.status, &read.body["state"]), (200, &json!("submitted")));
    assert_eq!(shop.orders(), "0");

    let (seen, started) = tokio::join!(
        shop.watched(&token, &id, "confirmed"),
        shop.stack.start_part(Part::OrderProcessor)
    );
    started.unwrap();
    assert_eq!(seen, [(1, "submitted".to_owned()), (2, "confirmed".to_owned())]);
    shop.told(&id, &device, "Your order is confirmed").await;
    shop.idle().await;
}
