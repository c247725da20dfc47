//! Guests' scopes that come to an account whose owner is signed in already.

use domain::{AccountId, GuestId};
use jiff::Timestamp;
use tracing::info;

use super::{Accounts, in_microseconds, key_of, versioned};
use crate::Unavailable;
use crate::access_tokens::Identified;

impl Accounts {
    /// Adds a guest's scope to the account, whoever signed its owner in. Gives whether it belongs to the account now: it does not where it
    /// belongs to another one, or the account has as many as it may.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn add_guest(
        &self,
        identified: &Identified,
        guest: GuestId,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let account = identified.account;
        let scopes = self
            .storage
            .add_guest(account, guest, in_microseconds(now))
            .await?;
        info!(account.id = %account, guest.added = scopes.added, "guest's scope shown");
        if scopes.added {
            self.tell_scopes(account, scopes.guests).await;
        }
        Ok(scopes.added)
    }

    /// Has every replica know the account's scopes. With Redis away the others learn of them a little later; a token that is made now says
    /// how many there are.
    pub(super) async fn tell_scopes(&self, account: AccountId, guests: Vec<GuestId>) {
        let _helpful_only = self.scopes.put(&key_of(account), versioned(guests), None).await;
    }
}
