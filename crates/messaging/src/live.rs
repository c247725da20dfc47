//! What happens to orders, as it happens: for live status and cache floors. May miss nothing, may repeat.

use std::time::Duration;

use async_nats::datetime;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, ReplayPolicy, pull};
use domain::OrderEvent;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use crate::topology::EVENTS;
use crate::{Envelope, Messaging, events};

/// Events buffered for a slow reader.
const BUFFER: usize = 1024;
const PULL_EXPIRES: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long the server keeps the consumer when nobody pulls.
const ABANDONED_AFTER: Duration = Duration::from_secs(30);
const RESTART_PAUSE: Duration = Duration::from_millis(250);

/// What a live subscription gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// It has caught up with the stream's end (given once after every start and re-start).
    CaughtUp,
    /// It was interrupted: what came since the last event may be late. It restarts by itself.
    Interrupted,
    /// An order reached a version.
    Event(OrderEvent),
}

impl Messaging {
    /// Follows every order's events, starting `since` back, with an ordered consumer named `<service>-live-…`.
    /// Never ends by itself; survives reconnects and the loss of its consumer.
    pub fn live(&self, since: Duration) -> impl Stream<Item = Live> + Send + 'static {
        let (tx, rx) = mpsc::channel(BUFFER);
        let start = (self.now)().as_nanosecond() - i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
        tokio::spawn(
            Follower {
                messaging: self.clone(),
                start,
                last: None,
                tx,
            }
            .run(),
        );
        stream::unfold(rx, async |mut rx: mpsc::Receiver<Live>| {
            rx.recv().await.map(|live| (live, rx))
        })
    }
}

/// Nobody reads any more.
struct Unread;

struct Follower {
    messaging: Messaging,
    /// Where it starts, in nanoseconds of Unix time.
    start: i128,
    /// The stream sequence of the last event; a restart goes on behind it.
    last: Option<u64>,
    tx: mpsc::Sender<Live>,
}

impl Follower {
    async fn run(mut self) {
        let mut told = false;
        loop {
            let followed = match self.bind().await {
                Ok(consumer) => {
                    told = false;
                    self.follow(&consumer).await
                }
                Err(why) => Ok(why),
            };
            let Ok(why) = followed else { return };
            // Once for each interruption, however often it takes to bind again.
            if !told {
                tracing::warn!(why, "live events interrupted");
                if self.give(Live::Interrupted).await.is_err() {
                    return;
                }
                told = true;
            }
            tokio::select! {
                () = self.tx.closed() => return,
                () = tokio::time::sleep(RESTART_PAUSE) => {}
            }
        }
    }

    async fn give(&self, live: Live) -> Result<(), Unread> {
        self.tx.send(live).await.map_err(|_| Unread)
    }

    async fn bind(&self) -> Result<Consumer<pull::Config>, String> {
        let name = format!("{}-live-{:016x}", self.messaging.name, rand::random::<u64>());
        let config = pull::Config {
            name: Some(name),
            deliver_policy: self.deliver_policy()?,
            ack_policy: AckPolicy::None,
            filter_subject: "events.order.>".into(),
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: ABANDONED_AFTER,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let made = self
            .messaging
            .jetstream
            .create_consumer_on_stream(config, EVENTS)
            .await;
        made.map_err(|error| error.to_string())
    }

    fn deliver_policy(&self) -> Result<DeliverPolicy, String> {
        Ok(match self.last {
            Some(last) => DeliverPolicy::ByStartSequence {
                start_sequence: last + 1,
            },
            None => DeliverPolicy::ByStartTime {
                start_time: datetime::from_nanos(self.start).map_err(|error| error.to_string())?,
            },
        })
    }

    /// Follows until interrupted; says by what. A consumer nobody reads any more is deleted.
    async fn follow(&mut self, consumer: &Consumer<pull::Config>) -> Result<String, Unread> {
        let followed = self.read(consumer).await;
        if followed.is_err() {
            let name = &consumer.cached_info().name;
            let _else_abandoned = self
                .messaging
                .jetstream
                .delete_consumer_from_stream(name, EVENTS)
                .await;
        }
        followed
    }

    async fn read(&mut self, consumer: &Consumer<pull::Config>) -> Result<String, Unread> {
        let pulls = consumer
            .stream()
            .heartbeat(HEARTBEAT)
            .expires(PULL_EXPIRES)
            .messages()
            .await;
        let mut messages = match pulls {
            Ok(messages) => messages,
            Err(error) => return Ok(error.to_string()),
        };
        let mut caught_up = consumer.cached_info().num_pending == 0;
        if caught_up {
            self.give(Live::CaughtUp).await?;
        }
        let mut sequence = 0;
        loop {
            let message = tokio::select! {
                () = self.tx.closed() => return Err(Unread),
                message = messages.next() => message,
            };
            let message = match message {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Ok(error.to_string()),
                None => return Ok("the subscription ended".into()),
            };
            let Some(place) = Place::of(&message) else {
                continue;
            };
            if place.consumer_sequence != sequence + 1 {
                return Ok(format!("event {} came after {sequence}", place.consumer_sequence));
            }
            sequence = place.consumer_sequence;
            self.pass(&message).await?;
            self.last = Some(place.stream_sequence);
            if place.pending == 0 && !caught_up {
                caught_up = true;
                self.give(Live::CaughtUp).await?;
            }
        }
    }

    async fn pass(&self, message: &Message) -> Result<(), Unread> {
        let envelope = message
            .headers
            .as_ref()
            .and_then(|headers| Envelope::from_headers(headers).ok());
        let event = envelope.and_then(|envelope| events::read_order_event(&envelope, &message.payload));
        match event {
            Some(event) => self.give(Live::Event(event)).await,
            None => Ok(()),
        }
    }
}

struct Place {
    stream_sequence: u64,
    consumer_sequence: u64,
    pending: u64,
}

impl Place {
    fn of(message: &Message) -> Option<Self> {
        let info = message.info().ok()?;
        Some(Self {
            stream_sequence: info.stream_sequence,
            consumer_sequence: info.consumer_sequence,
            pending: info.pending,
        })
    }
}
