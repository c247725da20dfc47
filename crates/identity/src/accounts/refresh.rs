//! New tokens for a session that goes on.

use jiff::Timestamp;
use storage::accounts::Rotated;
use tracing::warn;

use super::{Accounts, SESSION_IDLE, Tokens, in_microseconds};
use crate::access_tokens::Identified;
use crate::{RefreshToken, Unavailable};

/// Why there are no new tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is of no session, or of one that has ended; or it was used before, upon which its session has ended now.
    #[error("the refresh token is not good")]
    Refused,
    /// It may work later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Takes a refresh token for its successor. Within 10 s it gives the same successor again, as long as that was not used.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(&self, token: &str, now: Timestamp) -> Result<Tokens, RefreshError> {
        let now = in_microseconds(now);
        let token = RefreshToken::read(token).map_err(|_| RefreshError::Refused)?;
        let successor = token.successor(&self.key);
        let rotated = self
            .storage
            .rotate_refresh_token(&token.hash(), &successor.hash(), SESSION_IDLE, now)
            .await
            .map_err(Unavailable::from)?;
        match rotated {
            Rotated::Replaced {
                session,
                account,
                role,
                guests,
                expires_at,
            } => {
                let identified = Identified {
                    account,
                    session: Some(session),
                    role,
                    guests: guests as u64,
                };
                Ok(self.tokens_of(&identified, &successor, expires_at, now)?)
            }
            Rotated::Reused { session } => {
                metrics::counter!("refresh_tokens_reused_total").increment(1);
                warn!(session.id = %session, "a refresh token was used again: its session has ended");
                self.tell_ended(session).await;
                Err(RefreshError::Refused)
            }
            Rotated::Unknown => Err(RefreshError::Refused),
        }
    }
}
