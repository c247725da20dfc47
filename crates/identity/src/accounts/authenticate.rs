//! What a token says: who asks, and whose orders he sees.

use domain::{Access, AccountId, Customer, GuestId};
use jiff::Timestamp;

use super::{Accounts, key_of, versioned};
use crate::access_tokens::Identified;
use crate::issuers::{NobodyFound, Outsider};
use crate::{NotGenuine, Unavailable};

/// Why nobody is known by a token.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// It is not ours nor of an issuer that is believed, not for us, not good now, or its session has ended.
    #[error(transparent)]
    NotGenuine(#[from] NotGenuine),
    /// It may work later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<NobodyFound> for AuthenticationError {
    fn from(found: NobodyFound) -> Self {
        match found {
            NobodyFound::NotGenuine => Self::NotGenuine(NotGenuine),
            NobodyFound::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

impl Accounts {
    /// Who shows the access token `token`, ours or an outside issuer's. Nobody, where its session has ended.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub async fn authenticate(&self, token: &str, now: Timestamp) -> Result<Identified, AuthenticationError> {
        let Ok(identified) = self.tokens.read(token, now) else {
            let outsider = self.issuers.identify(token, now).await?;
            return Ok(self.admit(outsider, now).await?);
        };
        match identified.session {
            Some(session) if self.ended.is_ended(session).await => Err(NotGenuine.into()),
            _ => Ok(identified),
        }
    }

    /// The account of someone whom an outside issuer names; made at first sight. His role is what his token says today.
    async fn admit(&self, outsider: Outsider, now: Timestamp) -> Result<Identified, Unavailable> {
        let key = (outsider.issuer, outsider.subject);
        let known = match self.outsiders.get(&key).await {
            Some(account) if self.ended.is_ended(account.0).await => None,
            known => known,
        };
        let account: AccountId = match known {
            Some(account) => account,
            None => {
                let fresh = AccountId(self.id());
                let found = self
                    .storage
                    .account_of_identity(&key.0, &key.1, fresh, now)
                    .await?;
                self.outsiders.insert(key, found).await;
                found
            }
        };
        Ok(Identified {
            account,
            session: None,
            role: outsider.role,
            guests: 0,
        })
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
        let found = Box::pin(self.scopes.get_or_load(&key, floor, load)).await?;
        Ok(found.map(|entry| entry.value).unwrap_or_default())
    }
}
