//! A message in hand: kept in progress while it is held, nak'd when it is forgotten.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{HeaderMap, Request};
use bytes::Bytes;
use rand::RngExt as _;
use tokio::time::{MissedTickBehavior, interval};

use super::Delivery;
use crate::{Envelope, Messaging, subjects};

/// Well below the consumers' ack wait of 5 s.
const IN_PROGRESS_EVERY: Duration = Duration::from_millis(1500);
/// How often a double ack is asked for before the message is left to its redelivery.
const ACK_TRIES: u32 = 3;
/// How long one of them may take: where the server died over it no answer comes.
const ACK_PATIENCE: Duration = Duration::from_secs(1);
/// Between two of them.
const ACK_PAUSE: Duration = Duration::from_millis(300);

/// Says of every held message that it is in progress.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    replies: Mutex<HashSet<String>>,
}

impl Keeper {
    fn add(&self, reply: String) {
        self.replies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(reply);
    }

    fn remove(&self, reply: &str) {
        self.replies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(reply);
    }

    fn holds(&self, reply: &str) -> bool {
        self.replies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(reply)
    }

    /// Works until it is dropped.
    pub(super) async fn run(self: Arc<Self>, messaging: Messaging) {
        let mut ticks = interval(IN_PROGRESS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let replies: Vec<_> = self
                .replies
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .cloned()
                .collect();
            for reply in replies {
                // Without a connection they would only pile up, and the server has given the messages up meanwhile.
                if messaging.is_connected() && self.holds(&reply) {
                    let _lost_is_redelivered = messaging.client.publish(reply, "+WPI".into()).await;
                }
            }
        }
    }
}

/// A message in hand. Dropped unsettled, it is nak'd: forgetting one is safe.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) consumer: Arc<str>,
    pub(super) sequence: u64,
    pub(super) subject: String,
    pub(super) deliveries: u64,
    /// Subject, headers and body, in bytes.
    pub(super) size: usize,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The message as a handler sees it, or why it can't be read.
    pub(super) delivery: Result<Delivery, String>,
    /// Its attempts, once they were raised.
    pub(super) attempts: Option<u32>,
    reply: String,
    settled: bool,
    keeper: Arc<Keeper>,
    messaging: Messaging,
}

impl Held {
    /// `message` in hand; `None` where it is no delivery of a consumer.
    pub(super) fn new(
        message: async_nats::jetstream::Message,
        consumer: &Arc<str>,
        keeper: &Arc<Keeper>,
        messaging: &Messaging,
    ) -> Option<Self> {
        let info = message.info().ok()?;
        let (stream, sequence) = (info.stream.to_owned(), info.stream_sequence);
        let deliveries = u64::try_from(info.delivered).unwrap_or(1);
        let reply = message.reply.as_ref()?.to_string();
        let (message, _acker) = message.split();
        let (headers, body) = (message.headers.unwrap_or_default(), message.payload);
        let (subject, size) = (message.subject.to_string(), message.length);
        let delivery = Envelope::from_headers(&headers).map(|envelope| Delivery {
            stream,
            sequence,
            subject: subject.clone(),
            envelope,
            body: body.clone(),
            redelivered: deliveries > 1,
        });
        keeper.add(reply.clone());
        let (consumer, keeper, messaging) = (consumer.clone(), keeper.clone(), messaging.clone());
        let attempts = None;
        Some(Self {
            consumer,
            sequence,
            subject,
            deliveries,
            size,
            headers,
            body,
            delivery,
            attempts,
            reply,
            settled: false,
            keeper,
            messaging,
        })
    }

    /// What its order within others is kept by.
    pub(super) fn key(&self) -> &str {
        subjects::key(&self.subject)
    }

    /// Whether it may have hurt someone before: then it is handled alone.
    pub(super) fn alone(&self) -> bool {
        self.delivery.as_ref().is_ok_and(|delivery| delivery.redelivered)
    }

    fn settle(&mut self) {
        self.settled = true;
        self.keeper.remove(&self.reply);
    }

    /// Acknowledges and waits until the server has it; false where it does not say so: then the message comes again, and its handler
    /// recognises its own effect.
    pub(super) async fn ack(&mut self) -> bool {
        self.settle();
        for _ in 0..ACK_TRIES {
            let request = Request::new().payload("+ACK".into()).timeout(Some(ACK_PATIENCE));
            match self
                .messaging
                .client
                .send_request(self.reply.clone(), request)
                .await
            {
                Ok(_) => return true,
                Err(error) => {
                    tracing::warn!(consumer = %self.consumer, sequence = self.sequence, %error, "ack not confirmed");
                    tokio::time::sleep(ACK_PAUSE).await;
                }
            }
        }
        false
    }

    /// Gives it back, to be delivered again after `delay`.
    pub(super) async fn nak(&mut self, delay: Duration) {
        self.settle();
        let payload = format!("-NAK {{\"delay\": {}}}", delay.as_nanos());
        let _lost_is_redelivered = self
            .messaging
            .client
            .publish(self.reply.clone(), payload.into())
            .await;
    }

    /// The same message was delivered again while this one is in hand: this one stays, and is answered as the later delivery, which a
    /// server that was restarted may know alone.
    pub(super) fn take_place_of(&mut self, mut later: Self) {
        std::mem::swap(&mut self.reply, &mut later.reply);
        later.settle();
    }

    /// The same message in hand is settled.
    pub(super) fn forget(mut self) {
        self.settle();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        self.settle();
        let (client, reply) = (self.messaging.client.clone(), self.reply.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { client.publish(reply, "-NAK".into()).await });
        }
    }
}

/// `delay`, a fifth more or less, so that those that failed together do not come back together.
pub(super) fn with_jitter(delay: Duration) -> Duration {
    delay.mul_f64(rand::rng().random_range(0.8..1.2))
}
