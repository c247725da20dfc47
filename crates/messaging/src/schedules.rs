//! What is to happen later: one message per schedule, delivered to its stream when it is due.
//!
//! The stream `SCHEDULES` can't have a limit of its own (a stream that refuses what is new refuses schedules), so each customer has a quota, checked with
//! the sequence of that customer's newest schedule: two that are made at once can't both be the last.
//! A message that was delivered has lost its `Nats-Msg-Id`; what names it is its `ce-id`. It may come twice after a crash of the server, as any message may.

mod change;
mod entry;
mod operator;

use domain::Customer;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

pub use change::CLOSE;
pub use entry::{ScheduleId, Scheduled};

use crate::publisher::{RETRY_PAUSE, from_server};
use crate::request::Answer;
use crate::topology::SCHEDULES;
use crate::{Message, Messaging, PublishError, raw};
use entry::{Entry, Expected};

/// How far ahead a schedule may be.
pub const FARTHEST: SignedDuration = SignedDuration::from_hours(365 * 24);
/// The schedules a customer may have at a time, unless said otherwise.
pub const QUOTA: usize = 20;
/// Another one was made meanwhile.
const WRONG_LAST_SEQUENCE: u64 = 10071;

/// Why something can't be scheduled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The time has passed.
    #[error("{at} has passed")]
    Past {
        /// The time that was asked for.
        at: Timestamp,
    },
    /// The time is more than a year ahead.
    #[error("{at} is more than a year ahead")]
    TooFar {
        /// The time that was asked for.
        at: Timestamp,
    },
    /// The customer has as many schedules as a customer may have.
    #[error("there are {quota} schedules already, which is the most a customer may have")]
    QuotaReached {
        /// How many.
        quota: usize,
    },
    /// There is another schedule of this id.
    #[error("there is another schedule of this id")]
    Taken,
    /// There is no such schedule: it was delivered, cancelled, or never made.
    #[error("there is no such schedule; it may have been delivered")]
    NotScheduled,
    /// It is being delivered, or about to be: nothing can be changed about it any more.
    #[error("it is being delivered at {at}")]
    Due {
        /// When.
        at: Timestamp,
    },
    /// It is another version than the one that was to be changed.
    #[error("the schedule was changed meanwhile")]
    Changed,
    /// Nothing that falls due reaches that subject.
    #[error("nothing can be scheduled for the subject {subject}")]
    NoSuchTarget {
        /// The subject.
        subject: String,
    },
    /// The server did not answer or refused.
    #[error(transparent)]
    Server(#[from] PublishError),
}

/// The stream `SCHEDULES`.
#[derive(Debug, Clone)]
pub struct Schedules {
    messaging: Messaging,
    quota: usize,
}

impl Schedules {
    /// Over `messaging`, with [`QUOTA`] schedules a customer.
    pub fn new(messaging: Messaging) -> Self {
        Self {
            messaging,
            quota: QUOTA,
        }
    }

    /// With `quota` schedules a customer. One schedule costs a request, so this should stay below a hundred or so.
    #[must_use]
    pub fn quota(self, quota: usize) -> Self {
        Self { quota, ..self }
    }

    /// Has `message` delivered to its subject at `at`; gives the version of the schedule. Asked again for the same, it changes nothing.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub async fn schedule(
        &self,
        customer: Customer,
        id: &ScheduleId,
        at: Timestamp,
        message: &Message,
    ) -> Result<u64, ScheduleError> {
        let wanted = self.wanted(customer, id, at, message)?;
        let deadline = Instant::now() + self.messaging.request_timeout;
        loop {
            let present = self.entries(customer).await?;
            if let Some(same) = present.iter().find(|entry| entry.id == *id) {
                return same
                    .is(&wanted)
                    .then_some(same.sequence)
                    .ok_or(ScheduleError::Taken);
            }
            if present.len() >= self.quota {
                return Err(ScheduleError::QuotaReached { quota: self.quota });
            }
            let newest = present.iter().map(|entry| entry.sequence).max().unwrap_or(0);
            if let Some(version) = self.put(&wanted, Expected::OfCustomer(newest), deadline).await? {
                return Ok(version);
            }
        }
    }

    /// Moves a schedule to `at`.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub async fn reschedule(
        &self,
        customer: Customer,
        id: &ScheduleId,
        at: Timestamp,
    ) -> Result<(), ScheduleError> {
        self.check(at)?;
        let deadline = Instant::now() + self.messaging.request_timeout;
        loop {
            let present = self.entry(customer, id).await?;
            let Some(Entry {
                sequence, scheduled, ..
            }) = present
            else {
                return Err(ScheduleError::NotScheduled);
            };
            let scheduled = scheduled.ok_or(ScheduleError::NotScheduled)?;
            if scheduled.at == at {
                return Ok(());
            }
            let moved = Scheduled { at, ..scheduled };
            // Of this sequence, so that one which was delivered meanwhile does not come back to life.
            let put = self.put(&moved, Expected::Own(sequence), deadline).await?;
            if put.is_some() {
                return Ok(());
            }
        }
    }

    /// Takes a schedule back; false where there is none (any more). One that is due in this very moment may be delivered all the same.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn cancel(&self, customer: Customer, id: &ScheduleId) -> Result<bool, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let purged = stream.purge().filter(entry::subject(customer, id)).await;
        let purged = purged.map_err(|error| PublishError::Unknown(error.to_string()))?;
        Ok(purged.purged > 0)
    }

    /// Takes back everything of `customer`, also what can't be read; gives how many there were.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn cancel_all(&self, customer: Customer) -> Result<u64, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let purged = stream.purge().filter(entry::all_of(customer)).await;
        let purged = purged.map_err(|error| PublishError::Unknown(error.to_string()))?;
        Ok(purged.purged)
    }

    /// The schedules of `customer`, the next one first.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn list(&self, customer: Customer) -> Result<Vec<Scheduled>, PublishError> {
        let entries = self.entries(customer).await?;
        let mut list: Vec<_> = entries.into_iter().filter_map(|entry| entry.scheduled).collect();
        list.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(list)
    }

    /// One schedule of `customer`.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn get(&self, customer: Customer, id: &ScheduleId) -> Result<Option<Scheduled>, PublishError> {
        Ok(self.entry(customer, id).await?.and_then(|entry| entry.scheduled))
    }

    /// What is to be stored, where it can be.
    fn wanted(
        &self,
        customer: Customer,
        id: &ScheduleId,
        at: Timestamp,
        message: &Message,
    ) -> Result<Scheduled, ScheduleError> {
        self.check(at)?;
        entry::check_target(&message.subject)?;
        Ok(Scheduled {
            customer,
            id: id.clone(),
            at,
            message: message.clone(),
            version: 0,
        })
    }

    fn check(&self, at: Timestamp) -> Result<(), ScheduleError> {
        let ahead = at.duration_since((self.messaging.now)());
        match () {
            () if ahead <= SignedDuration::ZERO => Err(ScheduleError::Past { at }),
            () if ahead > FARTHEST => Err(ScheduleError::TooFar { at }),
            () => Ok(()),
        }
    }

    /// Everything of `customer`, also what can't be read: it counts.
    async fn entries(&self, customer: Customer) -> Result<Vec<Entry>, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let (mut entries, mut next) = (Vec::new(), 1);
        loop {
            let request = stream
                .raw_message_builder()
                .sequence(next)
                .next_by_subject(entry::all_of(customer));
            let Some(message) = raw::found(request.send().await)? else {
                return Ok(entries);
            };
            next = message.sequence + 1;
            entries.push(Entry::read(customer, message));
        }
    }

    async fn entry(&self, customer: Customer, id: &ScheduleId) -> Result<Option<Entry>, PublishError> {
        let stream = raw::stream(&self.messaging, SCHEDULES).await?;
        let subject = entry::subject(customer, id);
        let found = raw::found(stream.get_last_raw_message_by_subject(&subject).await)?;
        Ok(found.map(|message| Entry::read(customer, message)))
    }

    /// Stores `scheduled`, again and again until `deadline` while the outcome is unknown. Gives its version; none where `expected` does not hold.
    async fn put(
        &self,
        scheduled: &Scheduled,
        expected: Expected,
        deadline: Instant,
    ) -> Result<Option<u64>, PublishError> {
        let message = scheduled.to_outgoing(expected);
        loop {
            let unknown = match self.messaging.ask(&message).await {
                Ok(Answer::Stored(ack)) => return Ok(Some(ack.sequence)),
                // Also where a try before this one was stored and its answer lost: then the caller finds what it wants.
                Ok(Answer::Refused(error)) if error.error_code().0 == WRONG_LAST_SEQUENCE => {
                    if Instant::now() >= deadline {
                        return Err(PublishError::Unknown("others were always faster".into()));
                    }
                    return Ok(None);
                }
                Ok(Answer::Refused(error)) => match from_server(&error) {
                    unknown @ PublishError::Unknown(_) => unknown,
                    error => return Err(error),
                },
                Ok(Answer::Taken) => PublishError::Unknown("the answer was empty".into()),
                Err(unknown @ PublishError::Unknown(_)) => unknown,
                Err(error) => return Err(error),
            };
            if Instant::now() + RETRY_PAUSE >= deadline {
                return Err(unknown);
            }
            sleep(RETRY_PAUSE).await;
        }
    }
}
