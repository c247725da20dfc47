//! What a token says: who asks, and whose orders he sees.

use domain::{Access, Customer, GuestId};
use jiff::Timestamp;

use super::{Accounts, key_of, versioned};
use crate::access_tokens::Identified;
use crate::{NotGenuine, Unavailable};

impl Accounts {
    /// Who shows the access token `token`. Nobody, where its session has ended.
    ///
    /// # Errors
    /// [`NotGenuine`].
    pub async fn authenticate(&self, token: &str, now: Timestamp) -> Result<Identified, NotGenuine> {
        let identified = self.tokens.read(token, now)?;
        if self.ended.is_ended(identified.session).await {
            return Err(NotGenuine);
        }
        Ok(identified)
    }

    /// Access to the orders of the account and of the guests' scopes that belong to it.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn access(&self, identified: &Identified) -> Result<Access, Unavailable> {
        let account = Customer::Account(identified.account);
        let guests = self.guests(identified).await?;
        if guests.is_empty() {
            return Ok(Access::Customer(account));
        }
        let guests = guests.into_iter().map(Customer::Guest);
        Ok(Access::Customers(
            std::iter::once(account).chain(guests).collect(),
        ))
    }

    /// The account's scopes, at least those that it had when the token was made.
    async fn guests(&self, identified: &Identified) -> Result<Vec<GuestId>, Unavailable> {
        let load = async {
            let guests = self.storage.guests_of(identified.account).await;
            Ok::<_, Unavailable>(Some(versioned(guests.map_err(Unavailable::from)?)))
        };
        let (key, floor) = (key_of(identified.account), identified.guests + 1);
        let found = self.scopes.get_or_load(&key, floor, load).await?;
        Ok(found.map(|entry| entry.value).unwrap_or_default())
    }
}
