//! Erasing an account. It is gone at once, with its sessions; its orders lose their personal data soon after, by the order processor.

use domain::{Fingerprint, IdempotencyKey};
use futures_util::future::join_all;
use jiff::Timestamp;
use secrecy::SecretString;
use tracing::info;

use super::own::refused;
use super::{Accounts, ChangeError, Client};
use crate::Unavailable;
use crate::access_tokens::Identified;

impl Accounts {
    /// Erases the account for good. Where it has a password, that is needed.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn erase(
        &self,
        identified: &Identified,
        password: Option<SecretString>,
        key: &IdempotencyKey,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let found = self.storage.account(identified.account).await.map_err(refused)?;
        let proof = match found.ok_or(ChangeError::Gone)? {
            (_, None) => None,
            (_, Some(_)) => {
                let password = password.ok_or(ChangeError::WrongPassword)?;
                Some(self.prove(identified, password, client, now).await?)
            }
        };
        let (account, request) = (identified.account, Fingerprint::of(&key.as_str()));
        let erased = self
            .storage
            .erase_account(account, proof.as_deref(), Some(&request), now)
            .await;
        // Another password was given to it meanwhile, or another request erased it.
        let sessions = erased.map_err(refused)?.ok_or(ChangeError::WrongPassword)?;
        info!(account.id = %account, sessions = sessions.len(), "account erased");
        // Under its own id, for those who know it by an outside issuer's token.
        let ended = sessions.into_iter().chain([account.0]);
        join_all(ended.map(|session| self.tell_ended(session))).await;
        Ok(())
    }

    /// Whether `token` is of an account that was erased under `key`: a client whose answer was lost asks again, with a token that died of it.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn was_erased(
        &self,
        token: &str,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        match self.tokens.read(token, now) {
            Ok(identified) => {
                let request = Fingerprint::of(&key.as_str());
                Ok(self.storage.was_erased_by(identified.account, &request).await?)
            }
            Err(_) => Ok(false),
        }
    }
}
