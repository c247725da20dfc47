//! What becomes of a message: acknowledged, given back, or a dead letter.

use std::time::Duration;

use tokio::time::Instant;

use super::held::{Held, with_jitter};
use super::run::Shared;
use super::{Attempts, Handler, HandlerError, Outcome};
use crate::PublishError;
use crate::dead_letters::{Verdict, to_letter};

/// Between an attempt and the next.
const BACK_OFF: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

/// A message that is out of the handler.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) sequence: u64,
    pub(super) key: String,
    /// When it comes again; later messages of its key wait for it.
    pub(super) retried: Option<Instant>,
    /// Whether the server was told what became of it.
    pub(super) known: bool,
}

impl<H: Handler, A: Attempts> Shared<H, A> {
    /// Acts on `outcome`.
    pub(super) async fn settle(&self, mut held: Held, outcome: Outcome) -> Settled {
        let mut settled = Settled {
            sequence: held.sequence,
            key: held.key().to_owned(),
            retried: None,
            known: true,
        };
        match outcome {
            Outcome::Done => {
                settled.known = held.ack().await;
                self.forget(&held).await;
                self.count(&held, "done");
            }
            Outcome::Wait { after, why } => {
                tracing::debug!(stream = %self.stream, sequence = held.sequence, why, "message waits");
                self.forget(&held).await;
                held.nak(with_jitter(after)).await;
                self.count(&held, "wait");
            }
            Outcome::Retry { after, why } => settled.retried = self.retry(held, after, &why).await,
            Outcome::Reject { reason, why } => self.dead_letter(held, reason, &why).await,
        }
        settled
    }

    /// Gives the message back to be tried again; gives when it comes. The last attempt makes a dead letter.
    async fn retry(&self, mut held: Held, after: Option<Duration>, why: &str) -> Option<Instant> {
        let attempts = self.attempts_of(&mut held).await?;
        if attempts >= self.max_attempts {
            self.dead_letter(held, "attempts_exhausted", why).await;
            return None;
        }
        let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let usual = BACK_OFF
            .get(index)
            .copied()
            .unwrap_or(BACK_OFF[BACK_OFF.len() - 1]);
        let delay = with_jitter(after.unwrap_or(usual));
        tracing::warn!(stream = %self.stream, sequence = held.sequence, attempts, ?delay, why, "message retried");
        held.nak(delay).await;
        self.count(&held, "retry");
        Some(Instant::now() + delay)
    }

    /// Its attempts, raised now unless they were raised before it was handled. `None` where the shutdown came first.
    pub(super) async fn attempts_of(&self, held: &mut Held) -> Option<u32> {
        if let Some(attempts) = held.attempts {
            return Some(attempts);
        }
        let mut hold = self.hold();
        loop {
            match self.attempts.raise(&self.stream, held.sequence).await {
                Ok(attempts) => {
                    held.attempts = Some(attempts);
                    return Some(attempts);
                }
                Err(HandlerError::Unavailable(why) | HandlerError::Failed(why)) => {
                    if !hold.again(&format!("attempts can't be recorded: {why}")).await {
                        return None;
                    }
                }
            }
        }
    }

    /// Puts the message into the dead letters, then acknowledges it. On shutdown before that, it goes back.
    pub(super) async fn dead_letter(&self, mut held: Held, reason: &str, error: &str) {
        let verdict = Verdict {
            stream: &self.stream,
            sequence: held.sequence,
            consumer: &held.consumer,
            subject: &held.subject,
            deliveries: held.deliveries,
            reason,
            error,
            at: (self.messaging.now)(),
        };
        let letter = to_letter(&verdict, &held.headers, held.body.clone());
        let mut hold = self.hold();
        loop {
            match self.messaging.send(letter.clone()).await {
                Ok(_) => break,
                Err(refused @ PublishError::Refused(_)) => tracing::error!(%refused, "dead letter refused"),
                Err(error) => tracing::warn!(%error, "dead letter not stored yet"),
            }
            if !hold.again("dead letters can't be stored").await {
                return;
            }
        }
        drop(hold);
        held.ack().await;
        self.forget(&held).await;
        let (stream, sequence) = (&self.stream, held.sequence);
        tracing::error!(%stream, sequence, consumer = %held.consumer, reason, error, "dead letter");
        self.count(&held, "dead_letter");
        let labels = [
            ("stream", stream.clone()),
            ("consumer", held.consumer.to_string()),
            ("reason", reason.into()),
        ];
        metrics::counter!("messaging_dead_letters_total", &labels).increment(1);
    }

    /// Forgets recorded attempts. What is left behind where that fails is never read: sequences do not come again.
    async fn forget(&self, held: &Held) {
        if held.attempts.is_none() {
            return;
        }
        if let Err(error) = self.attempts.forget(&self.stream, held.sequence).await {
            tracing::warn!(stream = %self.stream, sequence = held.sequence, %error, "attempts not forgotten");
        }
    }

    pub(super) fn count(&self, held: &Held, outcome: &'static str) {
        let labels = [
            ("stream", self.stream.clone()),
            ("consumer", held.consumer.to_string()),
            ("outcome", outcome.to_owned()),
        ];
        metrics::counter!("messaging_deliveries_total", &labels).increment(1);
    }
}
