//! One schedule as a message of `SCHEDULES`.

use std::fmt;
use std::str::FromStr;

use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use domain::{Customer, OrderId};
use jiff::Timestamp;

use super::ScheduleError;
use crate::envelope::MESSAGE_ID;
use crate::publisher::Outgoing;
use crate::request::without;
use crate::{Envelope, Message, subjects};

const SCHEDULE: &str = "Nats-Schedule";
const TARGET: &str = "Nats-Schedule-Target";
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";
const EXPECTED_OF: &str = "Nats-Expected-Last-Subject-Sequence-Subject";
/// What falls due goes below this, from where the streams take it.
const DUE: &str = "due.";
const LONGEST_ID: usize = 100;

/// Names one schedule of a customer: 1 to 100 letters, digits, `-` or `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleId(String);

/// A text that is no [`ScheduleId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the id of a schedule has 1 to 100 letters, digits, `-` or `_`")]
pub struct InvalidScheduleId;

impl FromStr for ScheduleId {
    type Err = InvalidScheduleId;

    fn from_str(text: &str) -> Result<Self, InvalidScheduleId> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidScheduleId)
        }
    }
}

/// An order that is to be placed later is scheduled under its own id.
impl From<OrderId> for ScheduleId {
    fn from(order: OrderId) -> Self {
        Self(order.to_string())
    }
}

impl fmt::Display for ScheduleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// Whose it is.
    pub customer: Customer,
    /// What the customer's other schedules are told from it by.
    pub id: ScheduleId,
    /// When it is delivered.
    pub at: Timestamp,
    /// What is delivered, and where.
    pub message: Message,
    /// Its place in the stream, which is another one after each change; 0 where it is not stored.
    pub version: u64,
}

/// What has to be so when a schedule is stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// The customer's newest schedule is of this sequence; 0: there is none.
    OfCustomer(u64),
    /// The schedule of this id is of this sequence.
    Own(u64),
}

impl Scheduled {
    pub(super) fn to_outgoing(&self, expected: Expected) -> Outgoing {
        let mut headers = later(&self.message, self.at);
        match expected {
            Expected::Own(sequence) => headers.insert(EXPECTED, sequence.to_string()),
            Expected::OfCustomer(sequence) => {
                headers.insert(EXPECTED, sequence.to_string());
                headers.insert(EXPECTED_OF, all_of(self.customer));
            }
        }
        Outgoing {
            subject: subject(self.customer, &self.id),
            headers,
            body: self.message.body.clone(),
        }
    }
}

/// What is found in the stream.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) id: ScheduleId,
    /// None where it can't be read.
    pub(super) scheduled: Option<Scheduled>,
}

impl Entry {
    pub(super) fn read(customer: Customer, message: StreamMessage) -> Self {
        let id = ScheduleId(subjects::key(&message.subject).to_owned());
        let sequence = message.sequence;
        let scheduled = read(customer, id.clone(), message);
        if let Err(error) = &scheduled {
            tracing::warn!(schedule.id = %id, sequence, error, "a schedule can't be read");
        }
        Self {
            sequence,
            id,
            scheduled: scheduled.ok(),
        }
    }

    /// Whether it is what `wanted` asks for. The time of asking is another at each try.
    pub(super) fn is(&self, wanted: &Scheduled) -> bool {
        self.scheduled.as_ref().is_some_and(|found| {
            let (is, wants) = (&found.message, &wanted.message);
            found.at == wanted.at
                && is.subject == wants.subject
                && is.body == wants.body
                && is.envelope.id == wants.envelope.id
                && is.envelope.kind == wants.envelope.kind
                && is.envelope.actor == wants.envelope.actor
        })
    }
}

fn read(customer: Customer, id: ScheduleId, message: StreamMessage) -> Result<Scheduled, String> {
    let header = |name: &str| {
        let value = message.headers.get(name).map(|value| value.as_str());
        value.ok_or_else(|| format!("the header `{name}` is missing"))
    };
    let at = header(SCHEDULE)?;
    let at = at
        .strip_prefix("@at ")
        .and_then(|at| at.parse().ok())
        .ok_or_else(|| format!("`{SCHEDULE}` is `{at}`"))?;
    let (target, version) = (header(TARGET)?, message.sequence);
    let subject = target
        .strip_prefix(DUE)
        .ok_or_else(|| format!("`{TARGET}` is `{target}`"))?;
    let message = Message {
        subject: subject.to_owned(),
        envelope: Envelope::from_headers(&message.headers)?,
        body: message.payload,
    };
    Ok(Scheduled {
        customer,
        id,
        at,
        message,
        version,
    })
}

/// The headers by which `message` is delivered at `at`.
pub(super) fn later(message: &Message, at: Timestamp) -> HeaderMap {
    // Its id is for the delivery to be known by; here it would forbid to move it or to make it again.
    let mut headers = without(&message.envelope.to_headers(), MESSAGE_ID);
    headers.insert(SCHEDULE, format!("@at {at}"));
    headers.insert(TARGET, due(&message.subject));
    headers
}

/// `schedules.operator.<id>`: no customer is called that.
pub(super) fn of_operator(id: &ScheduleId) -> String {
    format!("schedules.operator.{id}")
}

/// `schedules.<customer>.<id>`
pub(super) fn subject(customer: Customer, id: &ScheduleId) -> String {
    format!("schedules.{customer}.{id}")
}

pub(super) fn all_of(customer: Customer) -> String {
    format!("schedules.{customer}.*")
}

/// Where what is scheduled for `subject` is delivered first.
pub(super) fn due(subject: &str) -> String {
    format!("{DUE}{subject}")
}

/// `schedules.*.<id>`: whoever's it is.
pub(super) fn of_anyone(id: &ScheduleId) -> String {
    format!("schedules.*.{id}")
}

/// Whose the schedule of this subject is.
pub(super) fn customer_of(subject: &str) -> Option<Customer> {
    subject.split('.').nth(1)?.parse().ok()
}

/// Whether something that falls due reaches `subject`: the streams take this and nothing else from what falls due.
pub(super) fn check_target(subject: &str) -> Result<(), ScheduleError> {
    let parts: Vec<_> = subject.split('.').collect();
    if let ["orders", _, "submit" | "cancel", _] | ["notifications", _, _] = parts[..] {
        return Ok(());
    }
    Err(ScheduleError::NoSuchTarget {
        subject: subject.to_owned(),
    })
}
