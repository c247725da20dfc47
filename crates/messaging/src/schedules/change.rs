//! Changing a schedule and taking it back while it is certain that its delivery has not begun, and finding any customer's.

use domain::Customer;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::entry::{self, Entry, Expected};
use super::{ScheduleError, ScheduleId, Scheduled, Schedules};
use crate::topology::SCHEDULES;
use crate::{Message, PublishError, raw};

/// A schedule that is due sooner than this is left alone, because nobody can ask the server whether it has begun to deliver it.
/// The clocks of services and servers have to agree better than this.
pub const CLOSE: SignedDuration = SignedDuration::from_secs(2);

impl Schedules {
    /// Has `message` delivered at `at` in place of what was scheduled under `id`, if that is of `version` still (of any, where none is given); gives the new version.
    /// Asked again for the same, it changes nothing.
    ///
    /// # Errors
    /// [`ScheduleError`]; an unknown outcome is a question to be asked again.
    pub async fn replace(
        &self,
        customer: Customer,
        id: &ScheduleId,
        at: Timestamp,
        message: &Message,
        version: Option<u64>,
    ) -> Result<u64, ScheduleError> {
        let wanted = self.wanted(customer, id, at, message)?;
        let deadline = Instant::now() + self.messaging.request_timeout;
        loop {
            let present = self.present(customer, id).await?;
            if present.is(&wanted) {
                return Ok(present.sequence);
            }
            let before = self.changeable(&present, version)?;
            let put = self
                .put(&wanted, Expected::Own(present.sequence), deadline)
                .await?;
            if let Some(version) = put {
                self.check_in_time(before)?;
                return Ok(version);
            }
        }
    }

    /// Takes back what is scheduled under `id`, if it is of `version` still (of any, where none is given). Then it is never delivered.
    ///
    /// # Errors
    /// [`ScheduleError`]; an unknown outcome is a question to be asked again.
    pub async fn take_back(
        &self,
        customer: Customer,
        id: &ScheduleId,
        version: Option<u64>,
    ) -> Result<(), ScheduleError> {
        let deadline = Instant::now() + self.messaging.request_timeout;
        loop {
            let present = self.present(customer, id).await?;
            let at = self.changeable(&present, version)?;
            let stream = raw::stream(&self.messaging, SCHEDULES).await?;
            // No further than what was seen: a change that came in between is not lost.
            let purge = stream.purge().sequence(present.sequence + 1);
            let purged = purge.filter(entry::subject(customer, id)).await;
            let purged = purged.map_err(|error| PublishError::Unknown(error.to_string()))?;
            if purged.purged > 0 {
                return self.check_in_time(at);
            }
            if Instant::now() >= deadline {
                return Err(PublishError::Unknown("others were always faster".into()).into());
            }
        }
    }

    /// The first `most` schedules of all customers in the order in which they were last changed.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn of_everyone(&self, most: usize) -> Result<Vec<Scheduled>, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let (mut found, mut next) = (Vec::new(), 1);
        while found.len() < most {
            let request = stream
                .raw_message_builder()
                .sequence(next)
                .next_by_subject("schedules.*.*");
            let Some(message) = raw::found(request.send().await)? else {
                break;
            };
            next = message.sequence + 1;
            let customer = entry::customer_of(&message.subject);
            found.extend(customer.and_then(|customer| Entry::read(customer, message).scheduled));
        }
        Ok(found)
    }

    /// The schedule of this id, whoever's it is.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn find(&self, id: &ScheduleId) -> Result<Option<Scheduled>, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let found = stream
            .get_last_raw_message_by_subject(&entry::of_anyone(id))
            .await;
        Ok(raw::found(found)?.and_then(|message| {
            let customer = entry::customer_of(&message.subject)?;
            Entry::read(customer, message).scheduled
        }))
    }

    /// Whether something fell due for `subject` and has not reached its stream yet.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn is_on_its_way(&self, subject: &str) -> Result<bool, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let found = stream.get_last_raw_message_by_subject(&entry::due(subject)).await;
        Ok(raw::found(found)?.is_some())
    }

    async fn present(&self, customer: Customer, id: &ScheduleId) -> Result<Entry, ScheduleError> {
        let present = self.entry(customer, id).await?;
        present.ok_or(ScheduleError::NotScheduled)
    }

    /// When `present` is due, if it can still be changed.
    fn changeable(&self, present: &Entry, version: Option<u64>) -> Result<Timestamp, ScheduleError> {
        let scheduled = present.scheduled.as_ref().ok_or(ScheduleError::NotScheduled)?;
        let at = scheduled.at;
        if self.is_close(at) {
            return Err(ScheduleError::Due { at });
        }
        match version {
            Some(version) if version != present.sequence => Err(ScheduleError::Changed),
            _ => Ok(at),
        }
    }

    /// An answer that comes when `at` is close does not say what the server had begun before.
    fn check_in_time(&self, at: Timestamp) -> Result<(), ScheduleError> {
        if self.is_close(at) {
            let why = format!("the answer came when it was about to be delivered ({at})");
            return Err(PublishError::Unknown(why).into());
        }
        Ok(())
    }

    fn is_close(&self, at: Timestamp) -> bool {
        at.duration_since((self.messaging.now)()) <= CLOSE
    }
}
