//! Whether an order was submitted before, wherever it may be by now.

use std::time::Duration;

use domain::{Access, Fingerprint, Order, OrderAction, OrderCommand, OrderId, Submit};
use jiff::Timestamp;
use messaging::DeadLetter;
use tracing::debug;

use crate::{Ordering, key_of};

/// How long an order is waited for before it is accepted without asking: the processor asks once more.
const PATIENCE: Duration = Duration::from_millis(300);

/// What tells one submission from another.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) submitted_at: Timestamp,
}

impl From<Order> for Known {
    fn from(order: Order) -> Self {
        Self {
            fingerprint: order.fingerprint,
            submitted_at: order.submitted_at,
        }
    }
}

impl Ordering {
    /// What is known of a submission under this id: from the cache, else from Postgres, `ORDERS` and the dead letters at once.
    /// A server that does not answer knows nothing.
    pub(crate) async fn known(&self, id: OrderId) -> Option<Known> {
        if let Ok(Some(cached)) = self.orders.get(&key_of(id), 0).await {
            return Some(cached.value.into());
        }
        let waiting = in_time("ORDERS", self.messaging.pending_submission(id));
        let (settled, waiting) = tokio::join!(self.settled(id), waiting);
        settled.or_else(|| waiting.as_ref().and_then(accepted_order).map(Known::from))
    }

    /// As [`Self::known`], but for what is only cached or still waits in `ORDERS`.
    pub(crate) async fn settled(&self, id: OrderId) -> Option<Known> {
        let (stored, letter) = tokio::join!(
            in_time("Postgres", self.storage.order(Access::Staff, id)),
            in_time("DEAD_LETTERS", self.letters.of_submission(id)),
        );
        stored
            .or_else(|| letter.as_ref().and_then(|letter| accepted_letter(letter, id)))
            .map(Known::from)
    }
}

/// The reason of a letter that is another request under a used key: it says nothing of the order that has the key.
const KEY_REUSED: &str = "key_reused";

/// The order that a submission made when it was accepted.
pub(crate) fn accepted_order(command: &OrderCommand) -> Option<Order> {
    match &command.action {
        OrderAction::Submit(submit) => Some(submit.accepted(command.order, command.at)),
        _ => None,
    }
}

/// The order that the submission in a dead letter made when it was accepted.
pub(crate) fn accepted_letter(letter: &DeadLetter, id: OrderId) -> Option<Order> {
    if letter.reason == KEY_REUSED {
        return None;
    }
    let submit: Submit = serde_json::from_slice(&letter.body).ok()?;
    let sent = letter.headers.iter().find(|(name, _)| name == "ce-time");
    let at = sent.and_then(|(_, time)| time.parse().ok()).unwrap_or(letter.at);
    Some(submit.accepted(id, at))
}

async fn in_time<T, E: std::fmt::Display>(
    whom: &'static str,
    answer: impl Future<Output = Result<Option<T>, E>>,
) -> Option<T> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => unasked(whom, &error),
        Err(late) => unasked(whom, &late),
    }
}

fn unasked<T>(whom: &'static str, why: &dyn std::fmt::Display) -> Option<T> {
    metrics::counter!("orders_accepted_unasked_total", "whom" => whom).increment(1);
    debug!(whom, error = %why, "does not say whether an order was submitted before");
    None
}
