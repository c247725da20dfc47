//! Orders that are to be placed later: each is one schedule in NATS, under the id that the order will have.

use std::time::Duration;

use cache::Begun;
use domain::{
    Access, Customer, Fingerprint, IdempotencyKey, OrderAction, OrderCommand, OrderId, Submit, Version,
};
use jiff::{SignedDuration, Timestamp};
use messaging::commands::{order_message, read_scheduled_command};
use messaging::schedules::Scheduled;
use messaging::{Message, subjects};
use tracing::{info, warn};

use crate::{Ordering, ScheduleError, Unavailable};

/// What a request's record says of one that scheduled an order; the schedule's version follows.
const RECORD: &str = "scheduled ";

/// An order that is to be placed later. What it costs is known when it is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledOrder {
    /// The id that the order will have.
    pub id: OrderId,
    /// When it is placed.
    pub at: Timestamp,
    /// What is ordered.
    pub submit: Submit,
    /// Another one after each change.
    pub version: u64,
}

impl Ordering {
    /// Has the order placed at `at`. Every retry under the same key gives the same answer, marked by `true`; what a later change made of it is not looked at.
    /// Where its record is gone, a retry is known by what is scheduled, and after the order was placed it is [`ScheduleError::Placed`].
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub async fn schedule(
        &self,
        submit: Submit,
        at: Timestamp,
        key: &IdempotencyKey,
        correlation_id: Option<&str>,
        now: Timestamp,
    ) -> Result<(ScheduledOrder, bool), ScheduleError> {
        let _room = self.room()?;
        let (id, customer) = (OrderId::derive(submit.customer, key), submit.customer);
        let request = Fingerprint::of(&(&submit, at));
        let (version, replayed) = match self.before_scheduling(id, &request).await? {
            Some(version) => (version, true),
            None => {
                let message = self.later(id, &submit, at, correlation_id);
                let made = self.schedules.schedule(customer, &id.into(), at, &message).await;
                (made.map_err(|error| refused(id, &error))?, false)
            }
        };
        if !replayed {
            self.note_scheduled(id, &request, version, at.duration_since(now))
                .await;
            info!(order.id = %id, %at, "order scheduled");
        }
        let scheduled = ScheduledOrder {
            id,
            at,
            submit,
            version,
        };
        Ok((scheduled, replayed))
    }

    /// The customer's scheduled orders, the next one first.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn scheduled_orders(&self, customer: Customer) -> Result<Vec<ScheduledOrder>, Unavailable> {
        let list = self.schedules.list(customer).await?;
        Ok(list.iter().filter_map(read).collect())
    }

    /// A scheduled order of the customer that is not yet placed.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn scheduled_order(
        &self,
        customer: Customer,
        id: OrderId,
    ) -> Result<Option<ScheduledOrder>, Unavailable> {
        let found = self.schedules.get(customer, &id.into()).await?;
        Ok(found.as_ref().and_then(read))
    }

    /// Puts another order or time in place of what is scheduled under `id`, if it is of `version` still (of any, where none is given).
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub async fn reschedule(
        &self,
        id: OrderId,
        submit: Submit,
        at: Timestamp,
        version: Option<u64>,
        correlation_id: Option<&str>,
    ) -> Result<ScheduledOrder, ScheduleError> {
        let customer = submit.customer;
        let message = self.later(id, &submit, at, correlation_id);
        let replaced = self
            .schedules
            .replace(customer, &id.into(), at, &message, version)
            .await;
        let version = match replaced {
            Ok(version) => version,
            Err(error) => return Err(self.unchanged(customer, id, error).await),
        };
        // Submitted under the same key, or delivered in spite of all: then this would come to nothing.
        if self.known(id).await.is_some() {
            self.forget_schedule(customer, id).await;
            return Err(ScheduleError::Placed { order: id });
        }
        info!(order.id = %id, %at, "order scheduled anew");
        Ok(ScheduledOrder {
            id,
            at,
            submit,
            version,
        })
    }

    /// Takes a scheduled order back, if it is of `version` still (of any, where none is given): it is never placed.
    ///
    /// # Errors
    /// [`ScheduleError`].
    pub async fn unschedule(
        &self,
        customer: Customer,
        id: OrderId,
        version: Option<u64>,
    ) -> Result<(), ScheduleError> {
        match self.schedules.take_back(customer, &id.into(), version).await {
            Ok(()) => {
                info!(order.id = %id, "scheduled order taken back");
                Ok(())
            }
            Err(error) => Err(self.unchanged(customer, id, error).await),
        }
    }

    /// Takes back a schedule whose order was placed without it. What is left of one is recognised by the processor.
    pub(crate) async fn forget_schedule(&self, customer: Customer, id: OrderId) {
        if let Err(error) = self.schedules.cancel(customer, &id.into()).await {
            warn!(order.id = %id, %error, "the schedule of an order that was placed is left");
        }
    }

    /// The version of the schedule that this very request made before; none where it has still to be made.
    /// A record that is not done says nothing: what is scheduled does.
    async fn before_scheduling(
        &self,
        id: OrderId,
        request: &Fingerprint,
    ) -> Result<Option<u64>, ScheduleError> {
        if let Ok(Begun::Done(earlier, answer)) = self.records.begin(&id.to_string(), request).await {
            match answer.strip_prefix(RECORD).map(str::parse) {
                Some(Ok(version)) if earlier == *request => return Ok(Some(version)),
                Some(_) => return Err(ScheduleError::KeyReused),
                None => return Err(ScheduleError::Placed { order: id }),
            }
        }
        match self.known(id).await {
            Some(_) => Err(ScheduleError::Placed { order: id }),
            None => Ok(None),
        }
    }

    /// Keeps the record until the order is placed, so that until then another request under the key is told from it.
    async fn note_scheduled(&self, id: OrderId, request: &Fingerprint, version: u64, ahead: SignedDuration) {
        let until = Duration::try_from(ahead).unwrap_or_default();
        let (record, answer) = (id.to_string(), format!("{RECORD}{version}"));
        let noted = self
            .records
            .finish_and_keep(&record, request, &answer, until)
            .await;
        if noted.is_err() {
            metrics::counter!("orders_accepted_notes_failed_total", "what" => "record").increment(1);
        }
    }

    /// Its submission, which is accepted when it is placed: that is its time.
    fn later(&self, id: OrderId, submit: &Submit, at: Timestamp, correlation_id: Option<&str>) -> Message {
        let command = OrderCommand::submit(id, submit.clone(), at);
        order_message(&command, &self.source, correlation_id)
    }

    /// Why it could not be changed. What is no longer scheduled may be an order by now.
    async fn unchanged(
        &self,
        customer: Customer,
        id: OrderId,
        error: messaging::ScheduleError,
    ) -> ScheduleError {
        if error != messaging::ScheduleError::NotScheduled {
            return refused(id, &error);
        }
        match self.is_placed(customer, id).await {
            Ok(true) => ScheduleError::Placed { order: id },
            Ok(false) => ScheduleError::NotFound,
            Err(error) => error.into(),
        }
    }

    /// Looks in the order in which a delivery goes: whatever moves meanwhile is found.
    async fn is_placed(&self, customer: Customer, id: OrderId) -> Result<bool, Unavailable> {
        let subject = subjects::order_command(id, "submit");
        let access = Access::Customer(customer);
        Ok(self.schedules.is_on_its_way(&subject).await?
            || self.look_up(access, id, Version(0)).await?.is_some())
    }
}

/// Whether a request's record is of one that scheduled an order.
pub(crate) fn is_schedule(answer: &str) -> bool {
    answer.starts_with(RECORD)
}

/// What is scheduled, if it is an order.
fn read(scheduled: &Scheduled) -> Option<ScheduledOrder> {
    let command = read_scheduled_command(&scheduled.message).ok()?;
    let OrderAction::Submit(submit) = command.action else {
        return None;
    };
    Some(ScheduledOrder {
        id: command.order,
        at: scheduled.at,
        submit: *submit,
        version: scheduled.version,
    })
}

fn refused(order: OrderId, error: &messaging::ScheduleError) -> ScheduleError {
    use messaging::ScheduleError as Error;
    match error {
        Error::Past { .. } => ScheduleError::Past,
        Error::TooFar { .. } => ScheduleError::TooFar,
        Error::QuotaReached { quota } => ScheduleError::QuotaReached { quota: *quota },
        Error::Taken => ScheduleError::KeyReused,
        Error::Due { .. } => ScheduleError::Placed { order },
        Error::Changed => ScheduleError::Changed,
        Error::NotScheduled => ScheduleError::NotFound,
        Error::NoSuchTarget { .. } | Error::Server(_) => ScheduleError::Unavailable(error.to_string()),
    }
}
