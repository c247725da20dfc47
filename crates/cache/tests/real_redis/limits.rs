//! Quotas, counted by Redis.

use std::time::Duration;

use cache::limits::{Limits, Quota};
use devstack::testing::{TestServers, eventually};

use crate::support::redis;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_bucket_gives_its_quota_and_then_refuses() {
    let servers = TestServers::start().await;
    let limits = Limits::new(redis(&servers.redis_url));
    let quota = Quota {
        requests: 3,
        window: MINUTE,
    };
    for left in [2, 1, 0] {
        let verdict = limits.take(&[("one", quota)]).await.unwrap()[0];
        assert_eq!((verdict.allowed, verdict.remaining), (true, left));
    }
    let refused = limits.take(&[("one", quota)]).await.unwrap()[0];
    assert_eq!((refused.allowed, refused.remaining), (false, 0));
    assert!(refused.retry_after > Duration::from_secs(15) && refused.retry_after <= MINUTE / 3);
    let both = limits.take(&[("one", quota), ("other", quota)]).await.unwrap();
    assert_eq!(
        both.iter().map(|verdict| verdict.allowed).collect::<Vec<_>>(),
        [false, true]
    );
}

#[tokio::test]
async fn all_replicas_count_together_and_a_bucket_empties_evenly() {
    let servers = TestServers::start().await;
    let quota = Quota {
        requests: 100,
        window: Duration::from_secs(10),
    };
    let replicas = [(); 3].map(|()| Limits::new(redis(&servers.redis_url)));
    let (mut allowed, mut refused) = (0, 0);
    while refused == 0 {
        let limits = &replicas[allowed % 3];
        match limits.take(&[("all", quota)]).await.unwrap()[0].allowed {
            true => allowed += 1,
            false => refused += 1,
        }
    }
    assert!((100..=150).contains(&allowed), "{allowed}");
    let limits = &replicas[0];
    eventually("room for one more", async || {
        let verdict = limits.take(&[("all", quota)]).await.unwrap()[0];
        verdict.allowed.then_some(())
    })
    .await;
}
