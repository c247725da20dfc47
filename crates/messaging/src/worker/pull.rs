//! Pulls of one second over one durable consumer, one after the other, so that a pin is renewed while a batch is in hand.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::{Error, Message, StatusCode};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::bind::{Bound, Stop};
use super::handover::Handover;
use super::held::{Held, Keeper};
use super::hold::{Health, Room};
use super::status::{Next, is_status, next};
use crate::Messaging;

const EXPIRES: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_millis(500);
/// Three heartbeats missed, and the end of the pull too.
const SILENCE: Duration = Duration::from_millis(2500);
const BIND_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// With more that nobody has yet, the stream is not looked through for the keys of a handover.
const MOST_LOOKED_THROUGH: u64 = 5_000;
/// What the server still sends after the subscription has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);
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
    pub(super) tx: mpsc::UnboundedSender<Held>,
    /// What the server knows this replica by while it has the partition; it outlives a subscription.
    pub(super) pin: Option<String>,
    /// Since it has the partition, until what others had of it is done.
    pub(super) handover: Option<Handover>,
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
        self.end_handover();
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
    async fn end(&mut self, mut bound: Bound) {
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
        let needs_room = self.handover.is_none() || room.paused();
        let full = needs_room && timeout(EXPIRES, has_room).await.is_err();
        if full && (!pinned || room.paused()) {
            return Ok(());
        }
        let elsewhere = self.in_other_hands().await;
        let pull = match (elsewhere, room.free(), room.free_bytes()) {
            // They need no room: as soon as they come they are the first.
            (Some(messages), _, _) => Pull {
                messages: self.share.min(messages),
                bytes: self.share_bytes.max(self.largest),
            },
            // A pin is renewed by pulls alone: with no room, one is made that no message fits into.
            (None, 0, _) | (None, _, 0) => Pull {
                messages: 1,
                bytes: 1,
            },
            (None, messages, bytes) => Pull {
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
                self.learn_pin(bound, &message);
                self.take(message);
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

    /// During a handover, how many messages others still have in hand; ends it when there are none. Meanwhile hands on the messages of
    /// those keys that are not concerned.
    async fn in_other_hands(&mut self) -> Option<usize> {
        self.handover.as_ref()?;
        let jetstream = &self.messaging.jetstream;
        let found: Result<PullConsumer, _> = jetstream
            .get_consumer_from_stream(&*self.consumer, &self.stream)
            .await;
        let info = found.ok().map(|consumer| consumer.cached_info().clone());
        // Where the server does not say, all are waited for once more.
        let outstanding = info.as_ref().map_or(usize::MAX, |info| info.num_ack_pending);
        let Some(elsewhere) = self.handover.as_ref()?.elsewhere(outstanding) else {
            self.end_handover();
            return None;
        };
        if let Some(info) = info.filter(|info| info.num_pending <= MOST_LOOKED_THROUGH)
            && let Ok(in_stream) = self.in_stream(&info.config.filter_subject).await
        {
            for held in self.handover.as_mut()?.complete(&in_stream) {
                self.hand_on(held);
            }
        }
        Some(elsewhere)
    }

    /// How many messages the stream has of each key. As long as one is not acknowledged it is there.
    async fn in_stream(&self, filter: &str) -> Result<HashMap<String, usize>, Error> {
        let stream = self.messaging.jetstream.get_stream_no_info(&self.stream).await?;
        let mut subjects = stream.info_with_subjects(filter).await?;
        let mut found: HashMap<String, usize> = HashMap::new();
        while let Some((subject, messages)) = subjects.try_next().await? {
            let key = subject.rsplit('.').next().unwrap_or_default();
            *found.entry(key.to_owned()).or_default() += messages;
        }
        Ok(found)
    }

    fn end_handover(&mut self) {
        for held in self.handover.take().into_iter().flat_map(Handover::end) {
            self.hand_on(held);
        }
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

    fn learn_pin(&mut self, bound: &Bound, message: &Message) {
        if bound.group.is_none() {
            return;
        }
        // The last one is the server's; one a publisher put there comes before it.
        let pin = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get_last(PIN_ID));
        if let Some(pin) = pin
            .map(|pin| pin.as_str())
            .filter(|pin| self.pin.as_deref() != Some(pin))
        {
            tracing::info!(stream = %self.stream, consumer = %self.consumer, "this replica has the partition now");
            self.pin = Some(pin.to_owned());
            self.handover.get_or_insert_with(Handover::begin);
        }
    }

    fn take(&mut self, message: Message) {
        let message = jetstream::Message {
            message,
            context: self.messaging.jetstream.clone(),
        };
        if let Some(held) = Held::new(message, &self.consumer, &self.keeper, &self.messaging) {
            match &mut self.handover {
                Some(handover) => handover.park(held, &self.room),
                None => {
                    self.room.come(held.size);
                    self.hand_on(held);
                }
            }
        }
    }

    fn hand_on(&self, held: Held) {
        // The queue is gone only when the worker was dropped; then dropping the message naks it.
        let _gone = self.tx.send(held);
    }
}
