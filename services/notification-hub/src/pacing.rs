//! How fast each push service is sent to, by all replicas together.

use std::time::Duration;

use cache::{ConnectOptions, Pace, Rate, Redis};
use storage::Platform;

use crate::args::PaceArgs;

/// Google asks that a sender takes a minute to become as fast as it will be.
const FCM_RAMP: Duration = Duration::from_secs(60);
const CONNECTIONS: usize = 8;
/// After that a push goes by what this replica alone has counted.
const TIMEOUT: Duration = Duration::from_millis(250);

/// What paces are made from.
#[derive(Debug)]
pub(crate) struct Pacing<'a> {
    args: &'a PaceArgs,
    redis: Option<Redis>,
}

impl<'a> Pacing<'a> {
    /// From the command line; connects to nothing yet.
    ///
    /// # Errors
    /// Where the address of Redis is none.
    pub(crate) fn open(args: &'a PaceArgs) -> anyhow::Result<Self> {
        let url = args.redis_state_url.as_ref().or(args.redis_url.as_ref());
        let open = |url: &secrecy::SecretString| {
            Redis::new(ConnectOptions {
                url: url.clone(),
                max_connections: CONNECTIONS,
                timeout: TIMEOUT,
            })
        };
        let redis = url.map(open).transpose()?;
        if redis.is_none() {
            tracing::warn!("without REDIS_STATE_URL each replica paces its pushes alone");
        }
        Ok(Self { args, redis })
    }

    /// The pace of `platform`; none where it has none.
    pub(crate) fn of(&self, platform: Platform) -> Option<Pace> {
        let (per_second, ramp) = match platform {
            Platform::Apns => (self.args.push_apns_rate, Duration::ZERO),
            Platform::Fcm => (self.args.push_fcm_rate, FCM_RAMP),
            Platform::Wns => (self.args.push_wns_rate, Duration::ZERO),
            Platform::WebPush => (self.args.push_webpush_rate, Duration::ZERO),
            Platform::Email => (self.args.push_email_rate, Duration::ZERO),
        };
        let rate = Rate { per_second, ramp };
        (per_second > 0).then(|| Pace::new(platform.as_str(), rate, self.redis.clone()))
    }
}
