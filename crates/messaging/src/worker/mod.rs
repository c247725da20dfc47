//! The loop around a handler: pull, decode, count attempts, act on the outcome.

mod batch;
mod bind;
mod check;
mod elsewhere;
mod held;
mod hold;
mod pull;
mod queue;
mod run;
mod settle;
mod status;
mod waits;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::{Envelope, Messaging, subjects};

/// A message in the hands of a handler.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its stream.
    pub stream: String,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// What it says about itself.
    pub envelope: Envelope,
    /// JSON.
    pub body: Bytes,
    /// Whether it was delivered before.
    pub redelivered: bool,
}

impl Delivery {
    /// What its order within others is kept by: the last token of its subject.
    pub fn key(&self) -> &str {
        subjects::key(&self.subject)
    }
}

/// What the handler decided; the worker acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is durable: acknowledge.
    Done,
    /// It failed by itself: deliver again (after `after`, else the usual back-off), and count the attempt.
    Retry {
        /// How long to wait.
        after: Option<Duration>,
        /// The cause, for the log and the dead letter.
        why: String,
    },
    /// Something it needs is not there yet: deliver again later, uncounted.
    Wait {
        /// How long to wait.
        after: Duration,
        /// The cause.
        why: String,
    },
    /// It can never be handled: a dead letter.
    Reject {
        /// A stable word.
        reason: &'static str,
        /// The cause.
        why: String,
    },
}

/// Why a whole batch has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// A server is out of reach: no attempt. The worker stops pulling, holds the batch with in-progress and tries it again.
    #[error("{0}")]
    Unavailable(String),
    /// The batch failed: the worker tries its messages one by one; a single one counts as an attempt.
    #[error("{0}")]
    Failed(String),
}

/// Handles deliveries in batches, in stream order.
pub trait Handler: Send + Sync + 'static {
    /// One outcome per delivery.
    fn handle(&self, batch: &[Delivery]) -> impl Future<Output = Result<Vec<Outcome>, HandlerError>> + Send;
}

/// So that several workers share one handler.
impl<H: Handler> Handler for Arc<H> {
    async fn handle(&self, batch: &[Delivery]) -> Result<Vec<Outcome>, HandlerError> {
        self.as_ref().handle(batch).await
    }
}

/// Where attempts are recorded, so that a message which crashes the process is caught too.
pub trait Attempts: Send + Sync + 'static {
    /// Raises the attempts of the message durably and gives the new count.
    fn raise(&self, stream: &str, sequence: u64) -> impl Future<Output = Result<u32, HandlerError>> + Send;
    /// Forgets the message.
    fn forget(&self, stream: &str, sequence: u64) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Runs a handler over one or more durable consumers of one stream.
#[derive(Debug)]
pub struct Worker<A> {
    /// The connection.
    pub messaging: Messaging,
    /// The stream.
    pub stream: String,
    /// Its durable consumers to merge; see [`crate::topology`] for the names.
    pub consumers: Vec<String>,
    /// Where attempts are recorded.
    pub attempts: A,
    /// The most messages in one batch.
    pub max_batch: usize,
    /// How many batches may be in the handler at once (1 keeps stream order; senders use more).
    pub concurrency: usize,
    /// Whether a message that was delivered before is handled while nothing else is: where one can end the process, so that its neighbours'
    /// attempts are not raised for it.
    pub isolates: bool,
    /// Attempts after which a message becomes a dead letter.
    pub max_attempts: u32,
}

impl<A: Attempts> Worker<A> {
    /// Holds twice what fits into its batches, and not much more than 16 MiB.
    ///
    /// Works until `shutdown`, then finishes what is in hand and returns.
    /// A consumer that is gone or was changed by hand is bound again when it is back as the topology has it; until then, `healthy(Some(reason))` is called, `healthy(None)` when it works again.
    ///
    /// # Errors
    /// Only where it can never work, e.g. a consumer that no worker can pull from.
    pub async fn run<H: Handler>(
        self,
        handler: H,
        shutdown: CancellationToken,
        healthy: impl Fn(Option<String>) + Send + Sync + 'static,
    ) -> Result<(), String> {
        run::run(self, handler, shutdown, Box::new(healthy)).await
    }
}
