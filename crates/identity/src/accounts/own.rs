//! What an account's owner reads and changes about it. Whoever only holds his token can neither move the account to another address nor give it
//! another password: both need the present one.

use jiff::Timestamp;
use secrecy::SecretString;
use storage::accounts::{AccountChange, EMAIL_TAKEN};
use storage::{Account, StorageError};
use tracing::info;

use super::{Accounts, Client, TooOften};
use crate::access_tokens::Identified;
use crate::{Email, Password, Unavailable};

/// What is to be changed; none leaves it as it is.
#[derive(Debug, Default)]
pub struct Change {
    /// Another address.
    pub email: Option<Email>,
    /// The present password, which another address needs.
    pub password: Option<SecretString>,
    /// Another name; may be empty.
    pub name: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The present password was not given, or is another one.
    #[error("the password is wrong")]
    WrongPassword,
    /// The address has another account.
    #[error("the e-mail address has an account already")]
    EmailTaken,
    /// The account's owner signs in elsewhere: it has neither password nor address here.
    #[error("the account has no password")]
    NoPassword,
    /// There is no such account any more.
    #[error("there is no such account")]
    Gone,
    /// Too many passwords were tried.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// It may work later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// The account; none where there is none any more.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn account(&self, identified: &Identified) -> Result<Option<Account>, Unavailable> {
        let found = self.storage.account(identified.account).await?;
        Ok(found.map(|(account, _)| account))
    }

    /// Changes the account; gives it as it is then.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change(
        &self,
        identified: &Identified,
        change: Change,
        client: &Client,
        now: Timestamp,
    ) -> Result<Account, ChangeError> {
        if change.email.is_some() {
            let password = change.password.ok_or(ChangeError::WrongPassword)?;
            self.prove(identified, password, client, now).await?;
        }
        let change = AccountChange {
            email: change.email.map(|email| (email.as_str().to_owned(), email.key())),
            name: change.name,
            locale: change.locale,
        };
        let changed = self.storage.change_account(identified.account, change, now).await;
        changed.map_err(refused)?.ok_or(ChangeError::Gone)
    }

    /// Gives the account another password and ends all its sessions but the one that asks.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_password(
        &self,
        identified: &Identified,
        old: SecretString,
        new: Password,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let present = self.prove(identified, old, client, now).await?;
        let new = self.passwords.hash(new, self.salt()).await?;
        let (account, kept) = (identified.account, identified.session.unwrap_or_default());
        let changed = self
            .storage
            .change_password(account, &present, &new, kept, now)
            .await;
        // Somebody else changed it in between: the one that was shown is no longer right.
        let ended = changed.map_err(refused)?.ok_or(ChangeError::WrongPassword)?;
        info!(account.id = %account, sessions = ended.len(), "password changed, other sessions ended");
        for session in ended {
            self.tell_ended(session).await;
        }
        Ok(())
    }

    /// Checks the present password; a try counts as one to sign in. Gives its hash.
    async fn prove(
        &self,
        identified: &Identified,
        password: SecretString,
        client: &Client,
        now: Timestamp,
    ) -> Result<String, ChangeError> {
        let found = self.storage.account(identified.account).await.map_err(refused)?;
        let (account, hash) = found.ok_or(ChangeError::Gone)?;
        let (email, hash) = account.email.zip(hash).ok_or(ChangeError::NoPassword)?;
        self.may_sign_in(&email, client.address, now).await?;
        if self.passwords.is_right(password, Some(hash.clone())).await? {
            Ok(hash)
        } else {
            Err(ChangeError::WrongPassword)
        }
    }
}

fn refused(error: StorageError) -> ChangeError {
    match error {
        StorageError::Exists(what) if what == EMAIL_TAKEN => ChangeError::EmailTaken,
        other => ChangeError::Unavailable(other.into()),
    }
}
