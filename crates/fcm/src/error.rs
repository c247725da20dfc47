//! What can become of a message that was not accepted.

use crate::RetryAfter;

/// Why a message was not (or not surely) accepted. Each kind asks for another reaction.
#[derive(Debug, thiserror::Error)]
pub enum FcmError {
    /// The app is gone from the device; forget the target. Said only by `UNREGISTERED` in `error.details[]`:
    /// a bare 404 may be a wrong project.
    #[error("the target is no longer registered: {message}")]
    Unregistered {
        /// Google's words.
        message: String,
    },
    /// The message itself is wrong and will never be accepted.
    #[error("FCM refused the message: {message}")]
    Invalid {
        /// Google's words.
        message: String,
        /// The fields it names.
        fields: Vec<String>,
    },
    /// The target belongs to another project: a mistake of configuration.
    #[error("the target belongs to another sender: {message}")]
    SenderMismatch {
        /// Google's words.
        message: String,
    },
    /// Too many messages, to this device or in all.
    #[error("FCM's quota is used up: {message}")]
    QuotaExceeded {
        /// Google's words.
        message: String,
        /// The wait it asked for; a minute when it named none.
        retry_after: RetryAfter,
    },
    /// FCM or the token service is overloaded or failing; the message was not accepted.
    #[error("FCM is unavailable: {message}")]
    Unavailable {
        /// What was said or seen.
        message: String,
        /// The wait it asked for, if any.
        retry_after: Option<RetryAfter>,
    },
    /// The credentials are refused, even with a fresh token: a mistake of configuration.
    #[error("FCM refused the credentials: {message}")]
    Unauthenticated {
        /// Google's words.
        message: String,
    },
    /// No connection could be made; the message was not sent.
    #[error("cannot reach FCM")]
    Unreachable(#[source] reqwest::Error),
    /// The request was sent and no answer came: it may have been accepted. Retry only where a collapse key makes a
    /// repeat harmless.
    #[error("FCM did not answer")]
    Unknown(#[source] reqwest::Error),
    /// An answer this client has no name for.
    #[error("FCM answered {status}: {message}")]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// Google's words.
        message: String,
    },
}

impl FcmError {
    /// The wait the provider asked for.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        match self {
            Self::QuotaExceeded { retry_after, .. } => Some(*retry_after),
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same message may be accepted later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::QuotaExceeded { .. } | Self::Unavailable { .. } | Self::Unreachable(_) | Self::Unknown(_)
        )
    }

    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            return Self::Unreachable(error);
        }
        Self::Unknown(error)
    }
}
