//! Counting: in Redis for all replicas together, and here while Redis is away.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cache::limits::{Limits, Quota, Verdict};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota as Rate, RateLimiter};

use super::{Limit, Standing, bucket_of_address, bucket_of_customer};
use crate::auth::Caller;

type Local = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// After so many requests that were counted here, the buckets that are empty again are forgotten.
const TIDY_EVERY: u32 = 10_000;

/// Counts requests. Cheap to clone; application data.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    shared: Limits,
    customer: Option<Own>,
    address: Option<Own>,
    counted: Arc<AtomicU32>,
}

/// One limit, and what was counted by it here.
#[derive(Debug, Clone)]
struct Own {
    name: &'static str,
    quota: Quota,
    local: Arc<Local>,
}

impl Counter {
    /// Counts by `customer` and by `address`, each where it is not off.
    pub(crate) fn new(shared: Limits, customer: Limit, address: Limit) -> Self {
        Self {
            shared,
            customer: customer.0.and_then(|quota| Own::new("customer", quota)),
            address: address.0.and_then(|quota| Own::new("address", quota)),
            counted: Arc::default(),
        }
    }

    /// Counts one request.
    pub(super) async fn count(&self, customer: Option<Caller>, address: Option<IpAddr>) -> Vec<Standing> {
        let customer = self.customer.as_ref().zip(customer.map(bucket_of_customer));
        let address = self.address.as_ref().zip(address.map(bucket_of_address));
        let limits: Vec<(&Own, String)> = customer.into_iter().chain(address).collect();
        if limits.is_empty() {
            return Vec::new();
        }
        let buckets: Vec<_> = limits
            .iter()
            .map(|(own, bucket)| (bucket.as_str(), own.quota))
            .collect();
        let verdicts = match self.shared.take(&buckets).await {
            Ok(verdicts) => verdicts,
            Err(_) => {
                self.tidy();
                limits.iter().map(|(own, bucket)| own.take(bucket)).collect()
            }
        };
        let standing = limits.iter().zip(verdicts);
        standing
            .map(|((own, _), verdict)| Standing {
                name: own.name,
                quota: own.quota,
                verdict,
            })
            .collect()
    }

    fn tidy(&self) {
        if self.counted.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            for own in self.customer.iter().chain(&self.address) {
                own.local.retain_recent();
            }
        }
    }
}

impl Own {
    fn new(name: &'static str, quota: Quota) -> Option<Self> {
        let rate = Rate::with_period(quota.step())?.allow_burst(quota.requests.try_into().ok()?);
        let local = RateLimiter::dashmap(rate).with_middleware::<StateInformationMiddleware>();
        Some(Self {
            name,
            quota,
            local: Arc::new(local),
        })
    }

    fn take(&self, bucket: &String) -> Verdict {
        match self.local.check_key(bucket) {
            Ok(state) => Verdict {
                allowed: true,
                remaining: state.remaining_burst_capacity(),
                retry_after: std::time::Duration::ZERO,
            },
            Err(not_until) => Verdict {
                allowed: false,
                remaining: 0,
                retry_after: not_until.wait_time_from(self.local.clock().now()),
            },
        }
    }
}
