//! Pulls of one second over one durable consumer, one after the other, so that a pin is renewed while a batch is in hand.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::{Message, StatusCode};
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::bind::{Bound, Stop};
use super::elsewhere::outstanding;
use super::held::{Held, Keeper};
use super::hold::{Health, Room};
use super::run::Arrival;
use super::status::{Next, is_status, next};
use crate::Messaging;

const EXPIRES: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_millis(500);
/// Three heartbeats missed, and the end of the pull too.
const SILENCE: Duration = Duration::from_millis(2500);
const BIND_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// What the server still sends after the subscription has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long it may take to find out what another replica has in hand: a pin lasts 3 s without a pull.
const TAKING_OVER: Duration = Duration::from_secs(2);
const PIN_ID: &str = "Nats-Pin-Id";

/// Pulls from one consumer into the worker's queue.
pub(super) struct Puller {
    pub(super) messaging: Messaging,
    pub(super) stream: String,
    pub(super) consumer: Arc<str>,
    /// At most this many messages in one pull.
    pub(super) share: usize,
    /// At most so many bytes in one pull, but always enough for one message.
    pub(super) share_bytes: usize,
    /// The bytes of the largest message there can be.
    pub(super) largest: usize,
    pub(super) room: Arc<Room>,
    pub(super) health: Arc<Health>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) shutdown: CancellationToken,
    pub(super) tx: mpsc::UnboundedSender<Arrival>,
    /// What the server knows this replica by while it has the partition; it outlives a subscription.
    pub(super) pin: Option<String>,
}

/// What is asked for at once.
struct Pull {
    messages: usize,
    /// Of the messages together.
    bytes: usize,
}

impl Puller {
    /// Pulls until the shutdown.
    ///
    /// # Errors
    /// Where the consumer is none that can be pulled from.
    pub(super) async fn run(mut self) -> Result<(), String> {
        while !self.shutdown.is_cancelled() {
            let stopped = match self.bind().await {
                Ok(bound) => {
                    self.health.well(&self.consumer);
                    self.pull(bound).await
                }
                Err(stop) => Err(stop),
            };
            match stopped {
                Ok(()) => break,
                Err(Stop::Never(why)) => return Err(why),
                Err(Stop::Trouble(why)) => {
                    self.health.trouble(
                        &self.consumer,
                        &format!("{}/{}: {why}", self.stream, self.consumer),
                    );
                }
            }
            tokio::select! { () = self.shutdown.cancelled() => break, () = sleep(BIND_AGAIN_AFTER) => {} }
        }
        Ok(())
    }

    /// Pulls until the shutdown (`Ok`) or until the consumer has to be bound again.
    async fn pull(&mut self, mut bound: Bound) -> Result<(), Stop> {
        let shutdown = self.shutdown.clone();
        loop {
            let ended = tokio::select! {
                () = shutdown.cancelled() => Ok(()),
                ended = self.pull_once(&mut bound) => match ended {
                    Ok(()) => match self.check(&mut bound).await {
                        Ok(()) => continue,
                        Err(why) => Err(Stop::Trouble(why)),
                    },
                    Err(why) => Err(Stop::Trouble(why)),
                },
            };
            self.end(bound).await;
            return ended;
        }
    }

    /// Ends the subscription, so that the server gives us nothing more, and takes what it had sent.
    async fn end(&self, mut bound: Bound) {
        let _already_closed = bound.replies.unsubscribe().await;
        while let Ok(Some(message)) = timeout(LAST_WORDS, bound.replies.next()).await {
            if !is_status(&message) {
                self.take(message);
            }
        }
    }

    async fn pull_once(&mut self, bound: &mut Bound) -> Result<(), String> {
        let pinned = bound.group.is_some();
        let room = Arc::clone(&self.room);
        let has_room = room.wait(|room| !room.paused() && room.free().min(room.free_bytes()) > 0);
        let full = timeout(EXPIRES, has_room).await.is_err();
        if full && (!pinned || room.paused()) {
            return Ok(());
        }
        // A pin is renewed by pulls alone: with no room, one is made that no message fits into.
        let pull = match (room.free(), room.free_bytes()) {
            (0, _) | (_, 0) => Pull {
                messages: 1,
                bytes: 1,
            },
            (messages, bytes) => Pull {
                messages: self.share.min(messages),
                bytes: self.share_bytes.min(bytes).max(self.largest),
            },
        };
        let (asked, reply) = (pull.messages, self.request(bound, pull).await?);
        let mut got = 0;
        while got < asked {
            let message = timeout(SILENCE, bound.replies.next()).await;
            let message = message
                .map_err(|_| "no heartbeat came".to_owned())?
                .ok_or("the subscription ended")?;
            if !is_status(&message) {
                got += 1;
                if self.learn_pin(bound, &message) {
                    self.take_over(message).await;
                } else {
                    self.take(message);
                }
                continue;
            }
            match next(&message) {
                Next::Read => {}
                _ if message.subject.as_str() != reply => {}
                Next::PullAgain => {
                    if message.status == Some(StatusCode::PIN_ID_MISMATCH) {
                        self.pin = None;
                    }
                    break;
                }
                Next::BindAgain(why) => return Err(why),
            }
        }
        Ok(())
    }

    /// Sends a pull; gives the subject its end is told on.
    async fn request(&self, bound: &mut Bound, pull: Pull) -> Result<String, String> {
        bound.pulls += 1;
        let reply = format!("{}.{}", bound.inbox, bound.pulls);
        let mut request = json!({
            "batch": pull.messages,
            "max_bytes": pull.bytes,
            "expires": u64::try_from(EXPIRES.as_nanos()).unwrap_or(u64::MAX),
            "idle_heartbeat": u64::try_from(HEARTBEAT.as_nanos()).unwrap_or(u64::MAX),
        });
        if let Some(group) = &bound.group {
            request["group"] = json!(group);
        }
        if let Some(pin) = &self.pin {
            request["id"] = json!(pin);
        }
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.stream, self.consumer);
        let body = request.to_string().into();
        let sent = self
            .messaging
            .client
            .publish_with_reply(subject, reply.clone(), body)
            .await;
        sent.map(|()| reply).map_err(|error| error.to_string())
    }

    /// Whether the partition is this replica's from this message on.
    fn learn_pin(&mut self, bound: &Bound, message: &Message) -> bool {
        if bound.group.is_none() {
            return false;
        }
        // The last one is the server's; one a publisher put there comes before it.
        let pin = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get_last(PIN_ID));
        let Some(pin) = pin
            .map(|pin| pin.as_str())
            .filter(|pin| self.pin.as_deref() != Some(pin))
        else {
            return false;
        };
        tracing::info!(stream = %self.stream, consumer = %self.consumer, pin, "this replica has the partition now");
        self.pin = Some(pin.to_owned());
        true
    }

    /// Takes the first message of a partition that may have been another replica's. What that one has in hand comes later, so first it is
    /// found out what that is.
    async fn take_over(&self, message: Message) {
        let first = self.hold(message);
        let asked = outstanding(&self.messaging, &self.stream, &self.consumer);
        match timeout(TAKING_OVER, asked)
            .await
            .map_err(|_| "no answer in time".into())
            .flatten()
        {
            Ok(outstanding) => {
                let _gone = self.tx.send(Arrival::TakenOver(outstanding));
            }
            // Better out of order, which the state machine bears, than not at all.
            Err(why) => {
                tracing::warn!(consumer = %self.consumer, why, "it is not known what another replica has in hand");
            }
        }
        self.queue(first);
    }

    fn take(&self, message: Message) {
        self.queue(self.hold(message));
    }

    /// `message` in hand, unless it is no delivery.
    fn hold(&self, message: Message) -> Option<Held> {
        let message = jetstream::Message {
            message,
            context: self.messaging.jetstream.clone(),
        };
        Held::new(message, &self.consumer, &self.keeper, &self.messaging)
    }

    fn queue(&self, held: Option<Held>) {
        if let Some(held) = held {
            self.room.come(held.size);
            // The queue is gone only when the worker was dropped; then dropping the message naks it.
            let _gone = self.tx.send(Arrival::Message(Box::new(held)));
        }
    }
}
