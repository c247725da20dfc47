//! Events for readers that may miss some: received and gone, with nothing to acknowledge and nothing to come back to.

use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, ReplayPolicy, pull};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::Messaging;
use crate::events::Event;
use crate::topology::EVENTS;

/// Events kept for a reader that is behind; more are missed.
const BUFFER: usize = 1024;
const PULL_EXPIRES: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long the server keeps the consumer when nobody pulls.
const ABANDONED_AFTER: Duration = Duration::from_secs(30);
const RESTART_PAUSE: Duration = Duration::from_millis(250);

/// What passes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passing {
    /// From here on events come; said at the start and after each interruption, in which events may have been missed.
    Listening,
    /// So many were missed, because the reader was behind.
    Missed(u64),
    /// Something happened.
    Event(Box<Event>),
}

impl Messaging {
    /// What happens from now on to subjects below `filter` (`events.order.>`), for counters and the like: each event at most once. Never ends by itself.
    pub fn passing(&self, filter: &str) -> impl Stream<Item = Passing> + Send + 'static {
        let (tx, rx) = mpsc::channel(BUFFER);
        let listener = Listener {
            messaging: self.clone(),
            filter: filter.to_owned(),
            tx,
            missed: 0,
        };
        tokio::spawn(listener.run());
        stream::unfold(rx, async |mut rx: mpsc::Receiver<Passing>| {
            rx.recv().await.map(|passing| (passing, rx))
        })
    }
}

struct Listener {
    messaging: Messaging,
    filter: String,
    tx: mpsc::Sender<Passing>,
    missed: u64,
}

impl Listener {
    async fn run(mut self) {
        loop {
            let interrupted = match self.bind().await {
                Ok(consumer) => self.listen(&consumer).await,
                Err(why) => why,
            };
            if self.tx.is_closed() {
                return;
            }
            tracing::warn!(
                filter = self.filter,
                why = interrupted,
                "passing events interrupted"
            );
            tokio::select! {
                () = self.tx.closed() => return,
                () = sleep(RESTART_PAUSE) => {}
            }
        }
    }

    async fn bind(&self) -> Result<Consumer<pull::Config>, String> {
        let config = pull::Config {
            name: Some(format!(
                "{}-passing-{:016x}",
                self.messaging.name,
                rand::random::<u64>()
            )),
            deliver_policy: DeliverPolicy::New,
            ack_policy: AckPolicy::None,
            filter_subject: self.filter.clone(),
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: ABANDONED_AFTER,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let made = self.messaging.jetstream.create_consumer_on_stream(config, EVENTS);
        made.await.map_err(|error| error.to_string())
    }

    /// Listens until interrupted; says by what. The consumer is of no use afterwards.
    async fn listen(&mut self, consumer: &Consumer<pull::Config>) -> String {
        let interrupted = self.read(consumer).await;
        let name = &consumer.cached_info().name;
        let deleting = self.messaging.jetstream.delete_consumer_from_stream(name, EVENTS);
        let _else_abandoned = deleting.await;
        interrupted
    }

    async fn read(&mut self, consumer: &Consumer<pull::Config>) -> String {
        let pulls = consumer.stream().heartbeat(HEARTBEAT).expires(PULL_EXPIRES);
        let mut messages = match pulls.messages().await {
            Ok(messages) => messages,
            Err(error) => return error.to_string(),
        };
        self.pass(Passing::Listening);
        loop {
            let message = tokio::select! {
                () = self.tx.closed() => return "nobody reads any more".into(),
                message = messages.next() => message,
            };
            match message {
                Some(Ok(message)) => self.tell(&message),
                Some(Err(error)) => return error.to_string(),
                None => return "the subscription ended".into(),
            }
        }
    }

    fn tell(&mut self, message: &Message) {
        match Event::of(message) {
            Ok(event) => self.pass(Passing::Event(Box::new(event))),
            Err(why) => tracing::debug!(why, "a passing message is no event"),
        }
    }

    /// Never waits: what a reader that is behind has no room for is missed.
    fn pass(&mut self, passing: Passing) {
        if self.missed > 0 && self.tx.try_send(Passing::Missed(self.missed)).is_ok() {
            self.missed = 0;
        }
        if self.tx.try_send(passing).is_err() {
            self.missed += 1;
        }
    }
}
