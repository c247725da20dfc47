//! What the operator has delivered later: it belongs to no customer and counts for nobody's quota.

use jiff::Timestamp;

use super::entry::{self, later};
use super::{ScheduleError, ScheduleId, Schedules};
use crate::publisher::Outgoing;
use crate::topology::SCHEDULES;
use crate::{Message, PublishError, raw};

impl Schedules {
    /// Has `message` delivered to its subject at `at`, for the operator. The same id again takes the earlier one's place.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub async fn schedule_for_operator(
        &self,
        id: &ScheduleId,
        at: Timestamp,
        message: &Message,
    ) -> Result<(), ScheduleError> {
        self.check(at)?;
        entry::check_target(&message.subject)?;
        let outgoing = Outgoing {
            subject: entry::of_operator(id),
            headers: later(message, at),
            body: message.body.clone(),
        };
        self.messaging.send(outgoing).await?;
        Ok(())
    }

    /// Takes back what the operator scheduled; false where there is nothing (any more). What is due in this very moment may be delivered all the same.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn cancel_for_operator(&self, id: &ScheduleId) -> Result<bool, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let purged = stream.purge().filter(entry::of_operator(id)).await;
        let purged = purged.map_err(|error| PublishError::Unknown(error.to_string()))?;
        Ok(purged.purged > 0)
    }
}
