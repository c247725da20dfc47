//! Pushes to many share messages, and nothing else: neither delays nor deaths.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chassis::{Health, clock};
use devstack::testing::{eventually, stored};
use jiff::Timestamp;
use messaging::{Attempts, DeadLetters, HandlerError, Worker, topology};
use notification_hub::deliver::{Sender, Shared};
use notification_hub::feedback::{Feedback, Told};
use notification_hub::gateway::{Answer, Gateway, Push};
use notification_hub::news::{News, NewsOf};
use notification_hub::notification::What;
use notification_hub::planned::Planned;
use notification_hub::texts::Texts;
use push_sandbox::{Fault, FaultKind, Platform};
use serde_json::{Map, json};
use storage::{Channel, NewCampaign, Storage};
use tokio_util::sync::CancellationToken;

use crate::campaigning::{campaign, message};
use crate::shop::{Owned, Shop};

impl Shop {
    /// Queues a page of `sent`; gives how many messages wait then.
    async fn page(&self, sent: &NewCampaign, crowd: &[Owned]) -> u64 {
        let mut properties = Map::new();
        properties.insert("title".into(), json!("Tea week"));
        properties.insert("body".into(), json!("Everything green"));
        let news = |owned: &Owned| News {
            about: NewsOf::Campaign(sent.id),
            event: "campaign".into(),
            event_id: sent.id.to_string(),
            at: sent.send_at,
            expires_at: Some(sent.expires_at),
            customer: Some(owned.installation.customer),
            collapse_key: sent.id.to_string(),
            properties: properties.clone(),
            urgent: false,
            silent: false,
        };
        let cause = message(sent).envelope;
        let planned = crowd.iter().map(|owned| {
            let what = What::News(news(owned));
            Planned::new(what, &owned.installation, &cause)
        });
        let queued = self.queue().queue(planned.collect(), clock::now()).await.unwrap();
        assert_eq!(queued, crowd.len());
        stored(&self.servers.nats_url, topology::NOTIFICATIONS).await
    }
}

#[tokio::test]
async fn one_that_is_asked_to_wait_waits_alone() {
    let shop = Shop::open().await;
    let crowd = shop.crowd(Platform::Fcm, 40).await;
    let busy = &crowd[3].device.id;
    let throttled = Fault::new(FaultKind::Throttled).retry_after(2).times(1);
    shop.providers.sandbox.set_fault(busy, Some(throttled));
    assert_eq!(
        shop.page(&campaign("crowd"), &crowd).await,
        3,
        "messages for 40 devices"
    );
    let hub = shop.hub(&shop.providers.flags());
    shop.emptied().await;
    hub.stop().await;
    let arrived = shop.arrived_by_device();
    assert_eq!(arrived.len(), 40);
    assert!(arrived.values().all(|count| *count == 1), "{arrived:?}");
    let arrived = shop.all_arrived();
    let last = arrived.iter().max_by_key(|push| push.at).unwrap();
    assert_eq!(&last.device, busy);
    let refused = shop.providers.sandbox.refusals();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let waited = last.at.duration_since(refused[0].at);
    assert!(waited.as_secs_f64() >= 2.0, "{waited:?}");
}

/// A push service over which the sender dies at one device.
#[derive(Debug, Clone)]
struct Deadly {
    at: Channel,
    sent: Arc<Mutex<HashMap<uuid::Uuid, usize>>>,
}

impl Gateway for Deadly {
    async fn send(&self, push: &Push, _now: Timestamp) -> Answer {
        assert!(push.channel != self.at, "dies of it");
        *self.sent.lock().unwrap().entry(push.id).or_default() += 1;
        Answer::Sent { id: None }
    }
}

struct Stored(Storage);

impl Attempts for Stored {
    async fn raise(&self, stream: &str, sequence: u64) -> Result<u32, HandlerError> {
        let raised = self.0.raise_attempts(stream, sequence).await;
        raised.map_err(|error| HandlerError::Failed(error.to_string()))
    }

    async fn forget(&self, stream: &str, sequence: u64) -> Result<(), HandlerError> {
        let forgotten = self.0.forget_attempts(stream, sequence).await;
        forgotten.map_err(|error| HandlerError::Failed(error.to_string()))
    }
}

#[tokio::test]
async fn one_of_which_the_sender_dies_ends_as_a_dead_letter_alone() {
    let shop = Shop::open().await;
    let crowd = shop.crowd(Platform::Apns, 16).await;
    assert_eq!(
        shop.page(&campaign("crowd"), &crowd).await,
        1,
        "message for 16 devices"
    );
    let gateway = Deadly {
        at: crowd[7].installation.channel.clone(),
        sent: Arc::default(),
    };
    let sender = Sender::new(
        storage::Platform::Apns,
        gateway.clone(),
        Shared {
            queue: shop.queue(),
            texts: Arc::new(Texts::new(shop.storage.clone())),
            feedback: Feedback {
                messaging: shop.messaging.clone(),
                told: Told::None,
            },
            at_once: 4,
        },
        Health::default().report_only("apns"),
        None,
    );
    let worker = Worker {
        messaging: shop.messaging.clone(),
        stream: topology::NOTIFICATIONS.into(),
        consumers: vec![topology::bulk_consumer("apns")],
        attempts: Stored(shop.storage.clone()),
        max_batch: 1,
        concurrency: 4,
        isolates: false,
        max_attempts: 2,
    };
    let stop = CancellationToken::new();
    let working = tokio::spawn(worker.run(sender, stop.clone(), |_| {}));
    eventually("its dead letter", async || {
        (stored(&shop.servers.nats_url, topology::DEAD_LETTERS).await == 1).then_some(())
    })
    .await;
    shop.emptied().await;
    stop.cancel();
    working.await.unwrap().unwrap();
    let sent = gateway.sent.lock().unwrap().clone();
    assert_eq!(sent.len(), 15);
    // Those beside it may have been out when it died, and not noted.
    assert!(sent.values().all(|count| *count <= 8), "{sent:?}");
    let letters = DeadLetters::new(shop.messaging.clone());
    let letters = letters.list(0, 10).await.unwrap();
    let body = String::from_utf8(letters[0].body.to_vec()).unwrap();
    assert!(body.contains(&crowd[7].installation.id.to_string()), "{body}");
    assert!(!body.contains(&crowd[6].installation.id.to_string()), "{body}");
}

#[tokio::test]
async fn a_push_that_two_messages_bring_is_sent_once() {
    let shop = Shop::open().await;
    let crowd = shop.crowd(Platform::WebPush, 8).await;
    for owned in &crowd {
        let mut slow = Fault::new(FaultKind::Slow);
        slow.delay_ms = Some(500);
        shop.providers.sandbox.set_fault(&owned.device.id, Some(slow));
    }
    // As where a hub dies between a page's messages and the cursor, and someone registers meanwhile.
    let sent = campaign("crowd");
    assert_eq!(shop.page(&sent, &crowd[1..]).await, 1);
    assert_eq!(
        shop.page(&sent, &crowd[1..]).await,
        1,
        "the same again is recognised"
    );
    assert_eq!(shop.page(&sent, &crowd).await, 2);
    let hub = shop.hub(&shop.providers.flags());
    shop.emptied().await;
    hub.stop().await;
    let arrived = shop.arrived_by_device();
    assert_eq!(arrived.len(), 8);
    assert!(arrived.values().all(|count| *count == 1), "{arrived:?}");
}
