//! Counting requests by who asks and from where.

use std::net::IpAddr;

use cache::limits::{Bucket, Limits, Quota};
use jiff::Timestamp;

use super::{Limit, Standing};
use crate::auth::Caller;

/// Counts requests. Cheap to clone; application data.
#[derive(Debug, Clone)]
pub(crate) struct Counter {
    limits: Limits,
    customer: Option<Quota>,
    address: Option<Quota>,
}

impl Counter {
    /// Counts by `customer` and by `address`, each where it is not off.
    pub(crate) fn new(limits: Limits, customer: Limit, address: Limit) -> Self {
        Self {
            limits,
            customer: customer.0,
            address: address.0,
        }
    }

    /// Counts one request.
    pub(super) async fn count(
        &self,
        customer: Option<Caller>,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Vec<Standing> {
        let customer = customer.map(|Caller(customer)| customer.to_string());
        let address = address.map(|address| address.to_string());
        let by = [
            ("customer", &customer, self.customer),
            ("address", &address, self.address),
        ];
        let buckets: Vec<_> = by
            .into_iter()
            .filter_map(|(what, subject, quota)| {
                Some(Bucket {
                    what,
                    subject: subject.as_deref()?,
                    quota: quota?,
                })
            })
            .collect();
        if buckets.is_empty() {
            return Vec::new();
        }
        let verdicts = self.limits.take(&buckets, now).await;
        let standing = buckets.iter().zip(verdicts);
        standing
            .map(|(bucket, verdict)| Standing {
                name: bucket.what,
                quota: bucket.quota,
                verdict,
            })
            .collect()
    }
}
