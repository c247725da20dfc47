//! How often someone may try to sign in and up.

use std::net::IpAddr;
use std::time::Duration;

use cache::limits::{Bucket, Quota};
use jiff::Timestamp;

use super::Accounts;
use crate::Email;

/// Too much was tried: come again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tried too often; again after {0:?}")]
pub struct TooOften(pub Duration);

/// Passwords are guessed at an account from one address, at an account from many, and at many accounts from one address. Each is bounded;
/// the second so widely that a stranger can hardly keep the account's owner out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sign-ins to one account from one address.
    pub sign_in: Quota,
    /// Sign-ins to one account from anywhere.
    pub sign_in_account: Quota,
    /// Sign-ins from one address to any account.
    pub sign_in_address: Quota,
    /// Sign-ups from one address, those to a taken e-mail address among them.
    pub sign_up_address: Quota,
}

impl Limits {
    /// For each address: 10 sign-ins to an account and 100 to all within 15 minutes, and 20 sign-ups within an hour. For each account:
    /// 100 sign-ins within an hour.
    pub const USUAL: Self = Self {
        sign_in: within(10, 15),
        sign_in_account: within(100, 60),
        sign_in_address: within(100, 15),
        sign_up_address: within(20, 60),
    };
}

const fn within(requests: u32, minutes: u64) -> Quota {
    Quota {
        requests,
        window: Duration::from_secs(minutes * 60),
    }
}

impl Accounts {
    /// Counts a try to sign in.
    pub(super) async fn may_sign_in(
        &self,
        email: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), TooOften> {
        let (account, place) = (account(email), address.to_string());
        let pair = format!("{account} {place}");
        let limits = &self.limits;
        self.count("sign-in", &pair, limits.sign_in, now).await?;
        self.count("sign-in-address", &place, limits.sign_in_address, now)
            .await?;
        self.count("sign-in-account", &account, limits.sign_in_account, now)
            .await
    }

    /// Counts a try to sign up.
    pub(super) async fn may_sign_up(&self, address: IpAddr, now: Timestamp) -> Result<(), TooOften> {
        let quota = self.limits.sign_up_address;
        self.count("sign-up-address", &address.to_string(), quota, now)
            .await
    }

    async fn count(
        &self,
        what: &'static str,
        subject: &str,
        quota: Quota,
        now: Timestamp,
    ) -> Result<(), TooOften> {
        let bucket = Bucket { what, subject, quota };
        let verdicts = self.counter.take(&[bucket], now).await;
        match verdicts.iter().find(|verdict| !verdict.allowed) {
            None => Ok(()),
            Some(refused) => {
                metrics::counter!("sign_ins_throttled_total", "limit" => what).increment(1);
                Err(TooOften(refused.retry_after))
            }
        }
    }
}

/// The account that is meant, whether it exists or not.
fn account(email: &str) -> String {
    let read: Result<Email, _> = email.parse();
    read.map_or_else(|_| email.trim().to_lowercase(), |email| email.key())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_the_same_however_its_address_is_written() {
        assert_eq!(account(" Ada@Example.org"), account("ada@example.ORG "));
        assert_eq!(account("Nobody"), account("nobody"));
    }
}
