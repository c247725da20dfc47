//! When a push may go out: changes of one order follow each other, and others were asked to wait.

use std::time::Duration;

use chassis::clock;
use domain::OrderState;
use jiff::Timestamp;
use messaging::{HandlerError, Outcome};

use super::{Sender, backoff};
use crate::gateway::Gateway;
use crate::notification::{Notification, What, successors};
use crate::unavailable;

/// Changes of one order are told to a device at least this far apart.
const APART: Duration = Duration::from_secs(2);

/// How long a push waits: a device is told of an order at most every two seconds, and of its receipt only where nothing else comes of it in
/// that time; of news not before the push service wants it.
pub(super) fn pause(
    notification: &Notification,
    told_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<Outcome> {
    let until = |until: Timestamp, why: &str| {
        let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
        (!left.is_zero()).then(|| Outcome::Wait {
            after: backoff::asked(left),
            why: why.to_owned(),
        })
    };
    let What::Order(event) = &notification.what else {
        return until(notification.not_before?, "it was to wait");
    };
    let since = match told_at {
        None if event.state == OrderState::Submitted => event.at,
        None => return None,
        Some(told_at) => told_at,
    };
    until(
        since.saturating_add(APART).unwrap_or(Timestamp::MAX),
        "changes that follow each other closely are told as one",
    )
}

impl<G: Gateway> Sender<G> {
    /// Whether a later version was announced to the device: the ledger marks what is queued, not what had no answer.
    pub(super) async fn overtaken(&self, notification: &Notification) -> Result<bool, HandlerError> {
        let What::Order(event) = &notification.what else {
            return Ok(false);
        };
        // The later one happened between then and now: its row is in the partition of one of those days.
        for at in [event.at, clock::now()] {
            for later in successors(event, notification.installation) {
                if self
                    .storage
                    .delivery(at, later)
                    .await
                    .map_err(unavailable)?
                    .is_some()
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
