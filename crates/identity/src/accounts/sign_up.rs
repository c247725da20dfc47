//! Making an account.

use domain::{AccountId, GuestId};
use jiff::Timestamp;
use storage::accounts::EMAIL_TAKEN;
use storage::{Account, Role, StorageError};
use tracing::info;

use super::{Accounts, Client, SignedIn, TooOften, in_microseconds};
use crate::{Email, Password, Unavailable};

/// An account to be made.
#[derive(Debug)]
pub struct NewAccount {
    /// Where its owner is reached; also his name to sign in.
    pub email: Email,
    /// What he proves himself with.
    pub password: Password,
    /// What he is called; may be empty.
    pub name: String,
    /// BCP 47 language tag.
    pub locale: String,
    /// The guest that he was until now.
    pub guest: Option<GuestId>,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// The address has an account already.
    #[error("the e-mail address has an account already")]
    EmailTaken,
    /// Too many were tried.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// It may work later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Makes an account, adds the guest's scope to it and opens its first session. A taken address is said to be taken, after as much work as
    /// for a free one.
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn sign_up(
        &self,
        new: NewAccount,
        client: &Client,
        now: Timestamp,
    ) -> Result<SignedIn, SignUpError> {
        let now = in_microseconds(now);
        self.may_sign_up(client.address, now).await?;
        let password = self.passwords.hash(new.password, self.salt()).await?;
        let account = Account {
            id: AccountId(self.id()),
            email: Some(new.email.as_str().to_owned()),
            email_key: Some(new.email.key()),
            role: Role::Customer,
            name: new.name,
            locale: new.locale,
            created_at: now,
            updated_at: now,
        };
        let (session, refresh) = self.new_session(&client.device, now);
        let opened = self
            .storage
            .sign_up(&account, &password, new.guest, &session)
            .await;
        let opened = opened.map_err(refused)?;
        info!(account.id = %account.id, guest.added = opened.guest_added, "account made");
        Ok(self.signed_in(account, &session, &refresh, opened).await?)
    }
}

fn refused(error: StorageError) -> SignUpError {
    match error {
        StorageError::Exists(what) if what == EMAIL_TAKEN => SignUpError::EmailTaken,
        other => SignUpError::Unavailable(other.into()),
    }
}
