//! Subscriptions made at run time: each a durable consumer of its own on `EVENTS`, with a condition that its reader evaluates.
//!
//! The consumer keeps filter and condition, so that a subscription needs nothing but the server. Applying the topology leaves it alone.

mod name;
mod properties;
mod reader;

use std::collections::HashMap;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{self, AckPolicy, Consumer, DeliverPolicy, ReplayPolicy, pull};
use async_nats::jetstream::stream::{ConsumerCreateStrictErrorKind, ConsumerErrorKind};
use conditions::{Condition, ParseError};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::Serialize;

pub use name::{Filter, Invalid, SubscriptionName};
pub use properties::PROPERTIES;
pub use reader::{Reader, Received};

use crate::publisher::from_server;
use crate::topology::EVENTS;
use crate::{Messaging, PublishError, raw};

/// What the consumers of subscriptions are called before their name.
pub const PREFIX: &str = "subscription-";
/// Where a consumer keeps its condition.
const CONDITION: &str = "waybill-condition";
/// An event that a reader says nothing about for this long comes again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// The most events in hand of a subscription's readers.
const MOST_IN_HAND: i64 = 1000;

/// Why a subscription can't be made, found or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// The condition can't be read.
    #[error("the condition can't be read: {0}")]
    Condition(#[from] ParseError),
    /// The condition asks for a property that no event has.
    #[error("no event has the property {name}; there are {}", PROPERTIES.join(", "))]
    UnknownProperty {
        /// Its name.
        name: String,
    },
    /// There is one of this name with another filter or condition.
    #[error("there is a subscription {name} with another filter or condition; remove it first")]
    Taken {
        /// Its name.
        name: String,
    },
    /// There is none of this name.
    #[error("there is no subscription {name}")]
    Missing {
        /// Its name.
        name: String,
    },
    /// The server did not answer or refused.
    #[error(transparent)]
    Server(#[from] PublishError),
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// Its name.
    pub name: String,
    /// The subjects it is about.
    pub filter: String,
    /// Which of their events are handed on: all where there is none.
    pub condition: Option<String>,
    /// Since when.
    pub created: Timestamp,
    /// Events that no reader has taken.
    pub pending: u64,
    /// Events that a reader has and has not acknowledged.
    pub in_hand: u64,
}

/// The subscriptions on `EVENTS`.
#[derive(Debug, Clone)]
pub struct Subscriptions {
    messaging: Messaging,
}

impl Subscriptions {
    /// Over `messaging`.
    pub fn new(messaging: Messaging) -> Self {
        Self { messaging }
    }

    /// Makes a subscription to what happens from now on. False where there was the same already.
    ///
    /// # Errors
    /// [`SubscriptionError`].
    pub async fn add(
        &self,
        name: &SubscriptionName,
        filter: &Filter,
        condition: Option<&str>,
    ) -> Result<bool, SubscriptionError> {
        let condition = condition.map(read_condition).transpose()?;
        let taken = || SubscriptionError::Taken {
            name: name.to_string(),
        };
        if let Some(consumer) = self.consumer(name).await? {
            let found = read(consumer.cached_info());
            let text = condition.as_ref().map(ToString::to_string);
            let same =
                found.is_some_and(|found| found.filter == filter.to_string() && found.condition == text);
            return if same { Ok(false) } else { Err(taken()) };
        }
        let wanted = config(name, filter, condition.as_ref());
        let made = self
            .messaging
            .jetstream
            .create_consumer_strict_on_stream(wanted, EVENTS);
        match made.await.map_err(|error| error.kind()) {
            Ok(_) => Ok(true),
            Err(ConsumerCreateStrictErrorKind::AlreadyExists) => Err(taken()),
            Err(ConsumerCreateStrictErrorKind::JetStream(refusal)) => Err(from_server(&refusal).into()),
            Err(kind) => Err(PublishError::Unknown(kind.to_string()).into()),
        }
    }

    /// Every subscription, by name.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn list(&self) -> Result<Vec<Subscription>, SubscriptionError> {
        let stream = raw::stream(&self.messaging, EVENTS).await?;
        let mut found: Vec<_> = Vec::new();
        let mut consumers = stream.consumers();
        while let Some(info) = consumers.try_next().await.map_err(unknown)? {
            found.extend(read(&info));
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Ends a subscription. False where there is none.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn remove(&self, name: &SubscriptionName) -> Result<bool, SubscriptionError> {
        let stream = raw::stream(&self.messaging, EVENTS).await?;
        match stream
            .delete_consumer(&consumer_name(name))
            .await
            .map_err(|error| error.kind())
        {
            Ok(deleted) => Ok(deleted.success),
            Err(ConsumerErrorKind::JetStream(refusal))
                if refusal.error_code() == ErrorCode::CONSUMER_NOT_FOUND =>
            {
                Ok(false)
            }
            Err(ConsumerErrorKind::JetStream(refusal)) => Err(from_server(&refusal).into()),
            Err(kind) => Err(PublishError::Unknown(kind.to_string()).into()),
        }
    }

    /// Reads a subscription. Several readers share its events.
    ///
    /// # Errors
    /// [`SubscriptionError`].
    pub async fn read(&self, name: &SubscriptionName) -> Result<Reader, SubscriptionError> {
        let consumer = self
            .consumer(name)
            .await?
            .ok_or_else(|| SubscriptionError::Missing {
                name: name.to_string(),
            })?;
        let condition = consumer.cached_info().config.metadata.get(CONDITION);
        let condition = condition.map(|text| read_condition(text)).transpose()?;
        Ok(Reader::new(name.clone(), consumer, condition))
    }

    async fn consumer(
        &self,
        name: &SubscriptionName,
    ) -> Result<Option<Consumer<pull::Config>>, SubscriptionError> {
        let found = self
            .messaging
            .jetstream
            .get_consumer_from_stream(consumer_name(name), EVENTS);
        match found.await.map_err(|error| error.kind()) {
            Ok(consumer) => Ok(Some(consumer)),
            Err(ConsumerErrorKind::JetStream(refusal))
                if refusal.error_code() == ErrorCode::CONSUMER_NOT_FOUND =>
            {
                Ok(None)
            }
            Err(ConsumerErrorKind::JetStream(refusal)) => Err(from_server(&refusal).into()),
            Err(kind) => Err(PublishError::Unknown(kind.to_string()).into()),
        }
    }
}

fn unknown(error: impl std::fmt::Display) -> SubscriptionError {
    PublishError::Unknown(error.to_string()).into()
}

fn read_condition(text: &str) -> Result<Condition, SubscriptionError> {
    let condition = Condition::parse(text)?;
    match properties::unknown(&condition) {
        Some(name) => Err(SubscriptionError::UnknownProperty { name }),
        None => Ok(condition),
    }
}

fn consumer_name(name: &SubscriptionName) -> String {
    format!("{PREFIX}{name}")
}

fn config(name: &SubscriptionName, filter: &Filter, condition: Option<&Condition>) -> pull::Config {
    let condition = condition.map(|condition| (CONDITION.to_owned(), condition.to_string()));
    pull::Config {
        durable_name: Some(consumer_name(name)),
        deliver_policy: DeliverPolicy::New,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_deliver: -1,
        filter_subject: filter.to_string(),
        replay_policy: ReplayPolicy::Instant,
        max_ack_pending: MOST_IN_HAND,
        metadata: condition.into_iter().collect::<HashMap<_, _>>(),
        ..pull::Config::default()
    }
}

/// The subscription that a consumer stands for; `None` where it is another's.
fn read(info: &consumer::Info) -> Option<Subscription> {
    let name = info.name.strip_prefix(PREFIX)?;
    Some(Subscription {
        name: name.to_owned(),
        filter: info.config.filter_subject.clone(),
        condition: info.config.metadata.get(CONDITION).cloned(),
        created: Timestamp::from_nanosecond(info.created.unix_timestamp_nanos()).unwrap_or_default(),
        pending: info.num_pending,
        in_hand: u64::try_from(info.num_ack_pending).unwrap_or(u64::MAX),
    })
}
