//! One batch on its way through the handler.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use tokio_util::task::AbortOnDropHandle;

use super::held::Held;
use super::run::Shared;
use super::settle::Settled;
use super::{Attempts, Delivery, Handler, HandlerError, Outcome};
use crate::topology::{CATALOG, ORDERS};

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Worked {
    pub(super) settled: Vec<Settled>,
    /// Not handled, because an earlier message of the same key is to be tried again.
    pub(super) back: Vec<Held>,
}

impl<H: Handler, A: Attempts> Shared<H, A> {
    /// Handles and settles `batch`.
    pub(super) async fn work(&self, batch: Vec<Held>) -> Worked {
        let mut worked = Worked::default();
        let mut readable = Vec::new();
        for held in batch {
            match self.unreadable(&held) {
                None => readable.push(held),
                Some((reason, why)) => {
                    let (sequence, key) = (held.sequence, held.key().to_owned());
                    self.dead_letter(held, reason, &why).await;
                    worked.settled.push(Settled {
                        sequence,
                        key,
                        retried: None,
                        known: true,
                    });
                }
            }
        }
        if readable.iter().any(Held::alone) {
            for held in readable {
                worked.settled.push(self.work_alone(held).await);
            }
        } else if !readable.is_empty() {
            self.work_together(readable, &mut worked).await;
        }
        worked
    }

    /// Why `held` never reaches the handler: a stable word and the cause.
    fn unreadable(&self, held: &Held) -> Option<(&'static str, String)> {
        let envelope = match &held.delivery {
            Ok(delivery) => &delivery.envelope,
            Err(why) => return Some(("undecodable", why.clone())),
        };
        // A push that is too late is its sender's to mark, an event has happened: only commands expire here.
        let expires = [ORDERS, CATALOG]
            .contains(&self.stream.as_str())
            .then_some(envelope.expires_at)??;
        ((self.messaging.now)() > expires).then(|| ("expired", format!("it was of use until {expires}")))
    }

    async fn work_together(&self, batch: Vec<Held>, worked: &mut Worked) {
        match self.handle(&batch).await {
            Some(Ok(outcomes)) => {
                let settling = batch
                    .into_iter()
                    .zip(outcomes)
                    .map(|(held, outcome)| self.settle(held, outcome));
                worked.settled.extend(join_all(settling).await);
            }
            Some(Err(why)) => self.work_one_by_one(batch, &why, worked).await,
            None => worked.settled.extend(batch.iter().map(given_back)),
        }
    }

    /// So that one message never holds the rest.
    async fn work_one_by_one(&self, batch: Vec<Held>, why: &str, worked: &mut Worked) {
        tracing::warn!(stream = %self.stream, messages = batch.len(), why, "batch failed: its messages go one by one");
        let mut retried = HashSet::new();
        for held in batch {
            if retried.contains(held.key()) {
                worked.back.push(held);
                continue;
            }
            let settled = self.work_alone(held).await;
            if settled.retried.is_some() {
                retried.insert(settled.key.clone());
            }
            worked.settled.push(settled);
        }
    }

    /// Counts the attempt first: a message that ends the process is caught too.
    async fn work_alone(&self, mut held: Held) -> Settled {
        let Some(attempts) = self.attempts_of(&mut held).await else {
            return given_back(&held);
        };
        if attempts > self.max_attempts {
            let (sequence, key) = (held.sequence, held.key().to_owned());
            let why = format!("{} attempts were begun and none came to an end", attempts - 1);
            self.dead_letter(held, "attempts_exhausted", &why).await;
            return Settled {
                sequence,
                key,
                retried: None,
                known: true,
            };
        }
        let outcome = match self.handle(std::slice::from_ref(&held)).await {
            None => return given_back(&held),
            Some(Ok(outcomes)) => outcomes.into_iter().next().unwrap_or(Outcome::Done),
            Some(Err(why)) => Outcome::Retry { after: None, why },
        };
        self.settle(held, outcome).await
    }

    /// Calls the handler, again and again while something it needs is away. `None` where the shutdown came first.
    async fn handle(&self, batch: &[Held]) -> Option<Result<Vec<Outcome>, String>> {
        let deliveries = batch
            .iter()
            .filter_map(|held| held.delivery.as_ref().ok().cloned());
        let deliveries: Arc<[Delivery]> = deliveries.collect();
        let mut hold = self.hold();
        loop {
            match self.call(deliveries.clone()).await {
                Ok(outcomes) => return Some(Ok(outcomes)),
                Err(HandlerError::Failed(why)) => return Some(Err(why)),
                Err(HandlerError::Unavailable(why)) => {
                    if !hold.again(&why).await {
                        return None;
                    }
                }
            }
        }
    }

    /// Calls the handler in a task of its own, so that a panic ends only the call.
    async fn call(&self, deliveries: Arc<[Delivery]>) -> Result<Vec<Outcome>, HandlerError> {
        let (begun, expected) = (Instant::now(), deliveries.len());
        let handler = self.handler.clone();
        let call = tokio::spawn(async move { handler.handle(&deliveries).await });
        let answer = AbortOnDropHandle::new(call).await;
        metrics::histogram!("messaging_handler_seconds", "stream" => self.stream.clone())
            .record(begun.elapsed());
        let outcomes = answer.unwrap_or_else(|error| Err(HandlerError::Failed(panicked(error))))?;
        if outcomes.len() == expected {
            return Ok(outcomes);
        }
        let got = outcomes.len();
        Err(HandlerError::Failed(format!(
            "the handler gave {got} outcomes for {expected} messages"
        )))
    }
}

/// Not handled: the caller drops `held`, which naks it.
fn given_back(held: &Held) -> Settled {
    Settled {
        sequence: held.sequence,
        key: held.key().to_owned(),
        retried: None,
        known: true,
    }
}

fn panicked(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else {
        return "the handler was stopped".into();
    };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    format!("the handler panicked: {text}")
}
