//! What a worker does while something it needs is away.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::held::with_jitter;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(super) type Healthy = Box<dyn Fn(Option<String>) + Send + Sync>;

/// Tells whether all is well, when that changes.
pub(super) struct Health {
    troubles: Mutex<BTreeMap<String, String>>,
    healthy: Healthy,
}

impl Health {
    pub(super) fn new(healthy: Healthy) -> Self {
        Self {
            troubles: Mutex::default(),
            healthy,
        }
    }

    pub(super) fn trouble(&self, part: &str, why: &str) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.insert(part.to_owned(), why.to_owned()).as_deref() != Some(why) {
            tracing::warn!(part, why, "worker in trouble");
            (self.healthy)(Some(why.to_owned()));
        }
    }

    pub(super) fn well(&self, part: &str) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.remove(part).is_some() {
            tracing::info!(part, "worker well again");
            (self.healthy)(troubles.values().next().cloned());
        }
    }
}

/// How much more may be pulled, and whether anything may.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    limit_bytes: usize,
    taken: AtomicUsize,
    taken_bytes: AtomicUsize,
    /// On their way from a puller to the queue.
    coming: AtomicUsize,
    coming_bytes: AtomicUsize,
    pauses: AtomicUsize,
    changed: Notify,
}

impl Room {
    /// For `limit` messages of together `limit_bytes`.
    pub(super) fn new(limit: usize, limit_bytes: usize) -> Self {
        Self {
            limit,
            limit_bytes,
            taken: AtomicUsize::new(0),
            taken_bytes: AtomicUsize::new(0),
            coming: AtomicUsize::new(0),
            coming_bytes: AtomicUsize::new(0),
            pauses: AtomicUsize::new(0),
            changed: Notify::new(),
        }
    }

    /// Says that a message of `bytes` is on its way to the queue.
    pub(super) fn come(&self, bytes: usize) {
        self.coming.fetch_add(1, Ordering::AcqRel);
        self.coming_bytes.fetch_add(bytes, Ordering::AcqRel);
    }

    /// Says how many messages are in hand, and their bytes, and how many of those have come since this was said last.
    pub(super) fn set(&self, (taken, bytes): (usize, usize), (came, came_bytes): (usize, usize)) {
        self.taken.store(taken, Ordering::Release);
        self.taken_bytes.store(bytes, Ordering::Release);
        self.coming.fetch_sub(came, Ordering::AcqRel);
        self.coming_bytes.fetch_sub(came_bytes, Ordering::AcqRel);
        self.changed.notify_waiters();
    }

    pub(super) fn free(&self) -> usize {
        let taken = self.taken.load(Ordering::Acquire) + self.coming.load(Ordering::Acquire);
        self.limit.saturating_sub(taken)
    }

    pub(super) fn free_bytes(&self) -> usize {
        let taken = self.taken_bytes.load(Ordering::Acquire) + self.coming_bytes.load(Ordering::Acquire);
        self.limit_bytes.saturating_sub(taken)
    }

    pub(super) fn paused(&self) -> bool {
        self.pauses.load(Ordering::Acquire) > 0
    }

    /// Waits until `ready`.
    pub(super) async fn wait(&self, ready: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if ready(self) {
                return;
            }
            changed.await;
        }
    }

    fn pause(&self, by: isize) {
        match by {
            1 => self.pauses.fetch_add(1, Ordering::AcqRel),
            _ => self.pauses.fetch_sub(1, Ordering::AcqRel),
        };
        self.changed.notify_waiters();
    }
}

/// One batch that waits for something to come back. While there is one, nothing is pulled.
pub(super) struct Hold<'a> {
    room: &'a Room,
    health: &'a Health,
    shutdown: &'a CancellationToken,
    pause: Option<Duration>,
}

impl<'a> Hold<'a> {
    pub(super) fn new(room: &'a Room, health: &'a Health, shutdown: &'a CancellationToken) -> Self {
        Self {
            room,
            health,
            shutdown,
            pause: None,
        }
    }

    /// Backs off; false where there is no more time because of the shutdown.
    pub(super) async fn again(&mut self, why: &str) -> bool {
        if self.pause.is_none() {
            self.room.pause(1);
        }
        self.health.trouble("handler", why);
        let pause = self
            .pause
            .map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        self.pause = Some(pause);
        tokio::select! {
            () = self.shutdown.cancelled() => false,
            () = tokio::time::sleep(with_jitter(pause)) => true,
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if self.pause.is_some() {
            self.room.pause(-1);
            if !self.room.paused() {
                self.health.well("handler");
            }
        }
    }
}
