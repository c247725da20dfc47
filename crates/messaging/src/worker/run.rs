//! The loop: takes what the pullers bring, hands batches to the handler, drains at the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::batch::Worked;
use super::elsewhere::{self, Unsettled};
use super::held::{Held, Keeper};
use super::hold::{Health, Healthy, Hold, Room};
use super::pull::Puller;
use super::queue::Queue;
use super::{Attempts, Handler, Worker};
use crate::Messaging;

/// How many messages that wait for a retry of their key are held; more go back to the server.
const MOST_WAITING: usize = 64;
/// The most messages asked for at once.
const LARGEST_PULL: usize = 128;
/// The bytes of the messages in hand from which on nothing more is pulled, and of those that wait for a retry.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// What a message has beside what a publisher may send: the subject it is answered on, and what the server adds.
const ROOM_FOR_ADDRESSES: usize = 4 * 1024;

/// How many messages the stream is asked for at once.
const LARGEST_LOOK: usize = 32;

/// What a puller brings.
pub(super) enum Arrival {
    Message(Box<Held>),
    /// A partition was taken over of which these were delivered to anyone, by and by to this replica.
    TakenOver(Vec<Unsettled>),
}

/// What the parts of a worker share.
pub(super) struct Shared<H, A> {
    pub(super) messaging: Messaging,
    pub(super) stream: String,
    pub(super) handler: Arc<H>,
    pub(super) attempts: A,
    pub(super) max_attempts: u32,
    pub(super) room: Arc<Room>,
    pub(super) health: Arc<Health>,
    pub(super) shutdown: CancellationToken,
}

impl<H, A> Shared<H, A> {
    pub(super) fn hold(&self) -> Hold<'_> {
        Hold::new(&self.room, &self.health, &self.shutdown)
    }
}

pub(super) async fn run<H: Handler, A: Attempts>(
    worker: Worker<A>,
    handler: H,
    shutdown: CancellationToken,
    healthy: Healthy,
) -> Result<(), String> {
    let Worker {
        messaging,
        stream,
        consumers,
        attempts,
        max_batch,
        concurrency,
        isolates,
        max_attempts,
    } = worker;
    // Enough that a batch is full when the handler comes back for it, and no more: what is in hand at a crash comes again.
    let room_for = 2 * max_batch * concurrency;
    let room = Arc::new(Room::new(room_for, MOST_BYTES));
    let health = Arc::new(Health::new(healthy));
    let keeper = Arc::new(Keeper::default());
    let _keeping = AbortOnDropHandle::new(tokio::spawn(keeper.clone().run(messaging.clone())));
    let (tx, rx) = mpsc::unbounded_channel();
    // Its own, so that a puller that can never work ends the others too.
    let stop = shutdown.child_token();
    let largest = messaging.client.server_info().max_payload + ROOM_FOR_ADDRESSES;
    let mut pullers = JoinSet::new();
    for consumer in &consumers {
        let puller = Puller {
            messaging: messaging.clone(),
            stream: stream.clone(),
            consumer: consumer.as_str().into(),
            share: (room_for / consumers.len().max(1)).clamp(1, LARGEST_PULL),
            share_bytes: MOST_BYTES / consumers.len().max(1),
            largest,
            room: room.clone(),
            health: health.clone(),
            keeper: keeper.clone(),
            shutdown: stop.clone(),
            tx: tx.clone(),
            pin: None,
        };
        pullers.spawn(puller.run());
    }
    drop(tx);
    tracing::info!(stream, consumers = consumers.len(), "worker started");
    let handler = Arc::new(handler);
    let shared = Arc::new(Shared {
        messaging,
        stream,
        handler,
        attempts,
        max_attempts,
        room,
        health,
        shutdown: stop,
    });
    let engine = Engine {
        shared,
        max_batch,
        concurrency,
        isolates,
        isolated: false,
        queue: Queue::default(),
        came: (0, 0),
        working: JoinSet::new(),
        looking: JoinSet::new(),
    };
    engine.run(rx, pullers).await
}

struct Engine<H, A> {
    shared: Arc<Shared<H, A>>,
    max_batch: usize,
    concurrency: usize,
    isolates: bool,
    /// Whether a message is in the handler beside which nothing else may be.
    isolated: bool,
    queue: Queue,
    /// How many messages have come since the room was told, and their bytes.
    came: (usize, usize),
    working: JoinSet<Worked>,
    /// Asks for messages that are waited for and overdue; gives those that are settled.
    looking: JoinSet<Vec<Unsettled>>,
}

impl<H: Handler, A: Attempts> Engine<H, A> {
    async fn run(
        mut self,
        mut arriving: mpsc::UnboundedReceiver<Arrival>,
        mut pullers: JoinSet<Result<(), String>>,
    ) -> Result<(), String> {
        let shutdown = self.shared.shutdown.clone();
        let mut failed = Ok(());
        while !shutdown.is_cancelled() {
            self.start_batches().await;
            self.look();
            let release = self
                .queue
                .waits
                .next(self.looking.is_empty())
                .unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(arrival) = arriving.recv() => {
                    self.take(arrival);
                    while let Ok(arrival) = arriving.try_recv() {
                        self.take(arrival);
                    }
                }
                Some(worked) = self.working.join_next() => self.take_back(worked),
                Some(Ok(settled)) = self.looking.join_next() => {
                    for (key, sequence) in settled {
                        self.queue.waits.remove(&key, sequence);
                    }
                }
                Some(ended) = pullers.join_next() => {
                    failed = ended.unwrap_or_else(|error| Err(error.to_string()));
                    shutdown.cancel();
                }
                () = sleep_until(release) => {}
            }
        }
        self.drain(arriving, pullers).await;
        failed
    }

    fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Message(held) => {
                self.came.0 += 1;
                self.came.1 += held.size;
                self.queue.add(*held);
            }
            Arrival::TakenOver(outstanding) => {
                self.queue.waits.ask();
                for (key, sequence) in outstanding {
                    self.queue.waits.add(key, sequence, Instant::now());
                }
            }
        }
    }

    /// Asks for what is overdue.
    fn look(&mut self) {
        if !self.looking.is_empty() {
            return;
        }
        let overdue = self.queue.overdue(Instant::now(), LARGEST_LOOK);
        if !overdue.is_empty() {
            let shared = self.shared.clone();
            let look = async move { elsewhere::settled(&shared.messaging, &shared.stream, overdue).await };
            self.looking.spawn(look);
        }
    }

    async fn start_batches(&mut self) {
        let now = Instant::now();
        self.queue.waits.release(now);
        self.isolated &= !self.working.is_empty();
        while self.working.len() < self.concurrency && !self.isolated {
            let batch = self
                .queue
                .cut(self.max_batch, !self.isolates || self.working.is_empty());
            let Some(first) = batch.first() else { break };
            self.isolated = self.isolates && first.alone();
            let shared = self.shared.clone();
            self.working.spawn(async move { shared.work(batch).await });
        }
        for (mut held, delay) in self.queue.overflow(now, MOST_WAITING, MOST_BYTES) {
            held.nak(delay).await;
        }
        self.shared
            .room
            .set(self.queue.taken(), std::mem::take(&mut self.came));
    }

    fn take_back(&mut self, worked: Result<Worked, JoinError>) {
        let worked = match worked {
            Ok(worked) => worked,
            // The handler has a task of its own, so this is a fault of ours: as loud as can be.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        for settled in worked.settled {
            self.queue.finish(settled.sequence, &settled.key, settled.known);
            if let Some(due) = settled.retried {
                self.queue.waits.add(settled.key, settled.sequence, due);
            }
        }
        for held in worked.back {
            self.queue.finish(held.sequence, held.key(), true);
            self.queue.add(held);
        }
    }

    /// Stops pulling, gives back what has not begun, finishes what has.
    async fn drain(
        mut self,
        mut arriving: mpsc::UnboundedReceiver<Arrival>,
        mut pullers: JoinSet<Result<(), String>>,
    ) {
        // First the pullers, or the server would hand us again what we give back.
        while pullers.join_next().await.is_some() {}
        while let Ok(arrival) = arriving.try_recv() {
            self.take(arrival);
        }
        let mut given_back = 0;
        for mut held in self.queue.drain() {
            held.nak(Duration::ZERO).await;
            given_back += 1;
        }
        while let Some(worked) = self.working.join_next().await {
            self.take_back(worked);
        }
        self.queue.drain();
        let _gone_with_the_connection = self.shared.messaging.client.flush().await;
        tracing::info!(stream = %self.shared.stream, given_back, "worker drained");
    }
}
