//! Proving with a password that an account is one's own.

use domain::GuestId;
use jiff::Timestamp;
use secrecy::SecretString;
use storage::Account;
use tracing::info;

use super::{Accounts, Client, SignedIn, TooOften, in_microseconds};
use crate::{Email, Unavailable};

/// What someone shows to sign in.
#[derive(Debug)]
pub struct Credentials {
    /// As it was typed.
    pub email: String,
    /// As it was typed.
    pub password: SecretString,
    /// The guest that he was until now.
    pub guest: Option<GuestId>,
}

/// Why someone is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no such account, or it has another password: which, is not told.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// Too many were tried.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// It may work later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Accounts {
    /// Opens a session for whoever knows the password, and adds the guest's scope to his account. For an unknown name it does as much as for a
    /// wrong password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        shown: Credentials,
        client: &Client,
        now: Timestamp,
    ) -> Result<SignedIn, SignInError> {
        let now = in_microseconds(now);
        self.may_sign_in(&shown.email, client.address, now).await?;
        let found = self.find(&shown.email).await?;
        let (account, hash) = found.unzip();
        let hash = hash.flatten();
        let right = self.passwords.is_right(shown.password, hash).await?;
        let Some(account) = account.filter(|_| right) else {
            metrics::counter!("sign_ins_total", "outcome" => "wrong").increment(1);
            return Err(SignInError::Wrong);
        };
        metrics::counter!("sign_ins_total", "outcome" => "right").increment(1);
        let (session, refresh) = self.new_session(&client.device, now);
        let opened = self
            .storage
            .open_session(account.id, shown.guest, &session)
            .await
            .map_err(Unavailable::from)?;
        info!(account.id = %account.id, session.id = %session.id, guest.added = opened.guest_added, "signed in");
        Ok(self.signed_in(account, &session, &refresh, opened).await?)
    }

    /// The account of an address, with the hash of its password. One that can be no address has none; the database is asked all the same.
    async fn find(&self, email: &str) -> Result<Option<(Account, Option<String>)>, Unavailable> {
        let email: Option<Email> = email.parse().ok();
        let key = email.map(|email| email.key()).unwrap_or_default();
        Ok(self.storage.account_by_email(&key).await?)
    }
}
