//! Many letters at once, and what is known of one's past.

use std::ops::ControlFlow;

use async_nats::jetstream::message::StreamMessage;
use domain::{Customer, OrderId};
use jiff::Timestamp;

use super::letter::{self, DeadLetter};
use super::{DEAD_LETTERS, DeadLetters};
use crate::scan::Scan;
use crate::topology::AUDIT;
use crate::{PublishError, subjects};

/// Which letters are meant: those that fit everything that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letters {
    /// From this number on.
    pub from: u64,
    /// Of this stream.
    pub stream: Option<String>,
    /// Given up by this consumer.
    pub consumer: Option<String>,
    /// Given up for this reason.
    pub reason: Option<String>,
    /// Of a command on this order, or an event of it.
    pub order: Option<OrderId>,
    /// Of what this customer asked.
    pub customer: Option<Customer>,
    /// Given up then or later.
    pub since: Option<Timestamp>,
    /// Given up before.
    pub until: Option<Timestamp>,
}

impl Letters {
    /// The narrowest subject that has them all.
    fn subject(&self) -> String {
        let token = |name: &Option<String>| match name {
            Some(name) if letter::is_token(name) => name.clone(),
            _ => "*".to_owned(),
        };
        letter::subject(&token(&self.stream), &token(&self.consumer), "*")
    }

    fn fit(&self, letter: &DeadLetter) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|name| name == found);
        let of_order = |order: OrderId| subjects::key(&letter.subject) == order.to_string();
        is(&self.stream, &letter.stream)
            && is(&self.consumer, &letter.consumer)
            && is(&self.reason, &letter.reason)
            && self.order.is_none_or(of_order)
            && self.customer.is_none_or(|customer| letter.is_by(customer))
            && self.since.is_none_or(|since| letter.at >= since)
            && self.until.is_none_or(|until| letter.at < until)
    }
}

impl DeadLetters {
    /// At most `limit` of `letters` without their bodies, oldest first. The next page is from the last one's number and one on.
    ///
    /// # Errors
    /// Where the server does not answer, or reading was interrupted.
    pub async fn find(&self, letters: &Letters, limit: usize) -> Result<Vec<DeadLetter>, PublishError> {
        let mut found = Vec::new();
        if limit > 0 {
            let each = |letter| {
                found.push(letter);
                match found.len() < limit {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            };
            self.each(letters, each).await?;
        }
        Ok(found)
    }

    /// The numbers of all of `letters` that are there now, oldest first.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn numbers(&self, letters: &Letters) -> Result<Vec<u64>, PublishError> {
        let mut numbers = Vec::new();
        let each = |letter: DeadLetter| {
            numbers.push(letter.sequence);
            ControlFlow::Continue(())
        };
        self.each(letters, each).await?;
        Ok(numbers)
    }

    async fn each(
        &self,
        letters: &Letters,
        mut each: impl FnMut(DeadLetter) -> ControlFlow<()>,
    ) -> Result<(), PublishError> {
        let scan = Scan {
            stream: DEAD_LETTERS,
            filter: letters.subject(),
            from: letters.from,
        };
        let fitting = |message: StreamMessage| match letter::read(message) {
            Some(letter) if letters.fit(&letter) => each(letter),
            _ => ControlFlow::Continue(()),
        };
        self.messaging.scan(&scan, fitting).await
    }

    /// Every death of the message in `letter` that `AUDIT` knows of, this one too, oldest first; without bodies.
    /// A message whose id can't stand in a subject is known by its place in its stream, and its replays are others.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn deaths(&self, letter: &DeadLetter) -> Result<Vec<DeadLetter>, PublishError> {
        let scan = Scan {
            stream: AUDIT,
            filter: letter::announced_on(letter),
            from: 1,
        };
        let mut deaths: Vec<DeadLetter> = Vec::new();
        let each = |message: StreamMessage| {
            let death = letter::read_announced(message).filter(|death| death.consumer == letter.consumer);
            // `EVENTS` may have told it twice.
            deaths.extend(death.filter(|death| deaths.iter().all(|known| known.sequence != death.sequence)));
            ControlFlow::Continue(())
        };
        self.messaging.scan(&scan, each).await?;
        Ok(deaths)
    }
}
