//! Why something could not be done: one small enum per use case.

use domain::OrderId;
use messaging::{PublishError, TogetherError};
use storage::StorageError;

/// Why an order was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The key was used for another request.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// Too much is waiting: try again later. Nothing was stored.
    #[error("too many orders are waiting")]
    QueueFull,
    /// NATS gave no answer: try again with the same key. It may have been accepted.
    #[error("orders can't be accepted right now: {0}")]
    Unavailable(String),
}

/// The stores gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("orders can't be read right now: {0}")]
pub struct Unavailable(pub String);

/// Why a wish was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CancelError {
    /// There is no such order for this reader.
    #[error("there is no such order")]
    NotFound,
    /// It is no longer at the version that was to be called off. Nothing was done.
    #[error("the order was changed meanwhile")]
    Changed,
    /// Too much is waiting.
    #[error("too many orders are waiting")]
    QueueFull,
    /// A server gave no answer: try again with the same key.
    #[error("the wish can't be taken right now: {0}")]
    Unavailable(String),
}

/// Why an order that is to be placed later was not taken, changed or taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The time has passed.
    #[error("the order was to be placed at a time that has passed")]
    Past,
    /// The time is more than a year ahead.
    #[error("the order was to be placed more than a year ahead")]
    TooFar,
    /// The customer has as many schedules as a customer may have.
    #[error("there are {quota} schedules already")]
    QuotaReached {
        /// How many.
        quota: usize,
    },
    /// The key was used for another request.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// It is an order already, or becomes one in this moment: what is wished of it is to be asked of that.
    #[error("order {order} is placed already")]
    Placed {
        /// The order.
        order: OrderId,
    },
    /// It was changed by another request.
    #[error("the scheduled order was changed meanwhile")]
    Changed,
    /// There is none such of this customer.
    #[error("there is no such scheduled order")]
    NotFound,
    /// NATS or the stores gave no answer: ask again, it may have been done.
    #[error("the schedule can't be reached right now: {0}")]
    Unavailable(String),
}

impl From<Unavailable> for ScheduleError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error.0)
    }
}

impl From<PublishError> for ScheduleError {
    fn from(error: PublishError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<PublishError> for SubmitError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::QueueFull => Self::QueueFull,
            PublishError::Occupied | PublishError::Unknown(_) | PublishError::Refused(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<TogetherError> for SubmitError {
    fn from(error: TogetherError) -> Self {
        match error {
            TogetherError::Publish(error) => error.into(),
            // Of a group of another size.
            TogetherError::Repeated { .. } => Self::KeyReused,
            TogetherError::Size { .. } | TogetherError::Twice { .. } => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<PublishError> for CancelError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::QueueFull => Self::QueueFull,
            PublishError::Occupied | PublishError::Unknown(_) | PublishError::Refused(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<Unavailable> for CancelError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error.0)
    }
}

impl From<PublishError> for Unavailable {
    fn from(error: PublishError) -> Self {
        Self(format!("NATS: {error}"))
    }
}

impl From<StorageError> for Unavailable {
    fn from(error: StorageError) -> Self {
        Self(error.to_string())
    }
}
