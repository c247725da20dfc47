//! Looking at sessions and ending them.

use domain::AccountId;
use futures_util::future::join_all;
use jiff::Timestamp;
use storage::Session;
use tracing::{info, warn};
use uuid::Uuid;

use super::Accounts;
use crate::Unavailable;

impl Accounts {
    /// The account's sessions that have not ended, the last used one first.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn sessions(&self, account: AccountId, now: Timestamp) -> Result<Vec<Session>, Unavailable> {
        Ok(self.storage.sessions_of(account, now).await?)
    }

    /// Ends a session of the account: its tokens are refused from now on. Gives whether there was one.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn end_session(&self, account: AccountId, session: Uuid) -> Result<bool, Unavailable> {
        let ended = self.storage.end_session(account, session).await?;
        if ended {
            info!(account.id = %account, session.id = %session, "session ended");
            self.tell_ended(session).await;
        }
        Ok(ended)
    }

    /// Ends every session of the account but `kept`. Gives how many.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn end_other_sessions(&self, account: AccountId, kept: Uuid) -> Result<usize, Unavailable> {
        let ended = self.storage.end_other_sessions(account, kept).await?;
        info!(account.id = %account, sessions = ended.len(), "other sessions ended");
        join_all(ended.iter().map(|session| self.tell_ended(*session))).await;
        Ok(ended.len())
    }

    /// Has the session's access tokens refused everywhere. With Redis away they run out within their ten minutes.
    pub(super) async fn tell_ended(&self, session: Uuid) {
        if let Err(error) = self.ended.end(session).await {
            metrics::counter!("sessions_ended_untold_total").increment(1);
            warn!(session.id = %session, %error, "other replicas take the session's access token until it runs out");
        }
    }
}
