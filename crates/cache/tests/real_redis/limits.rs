//! Quotas: counted for all processes together, and in each without Redis.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use cache::limits::{Bucket, Limits, Quota, Verdict};
use devstack::testing::TestServers;
use jiff::Timestamp;

use crate::support::redis;

const QUOTA: Quota = Quota {
    requests: 3,
    window: Duration::from_secs(30),
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn bucket(what: &'static str, subject: &'static str) -> Bucket<'static> {
    Bucket {
        what,
        subject,
        quota: QUOTA,
    }
}

fn allowed(remaining: u32) -> Verdict {
    Verdict {
        allowed: true,
        remaining,
        retry_after: Duration::ZERO,
    }
}

fn refused(seconds: u64) -> Verdict {
    Verdict {
        allowed: false,
        remaining: 0,
        retry_after: Duration::from_secs(seconds),
    }
}

async fn take(limits: &Limits, second: i64) -> Verdict {
    limits.take(&[bucket("test", "ada")], at(second)).await[0]
}

#[tokio::test]
async fn requests_are_counted_for_all_processes_together() {
    let servers = TestServers::start().await;
    let processes = [(); 2].map(|()| Limits::new(redis(&servers.redis_url)));
    let [one, other] = &processes;
    assert_eq!(take(one, 0).await, allowed(2));
    assert_eq!(take(other, 0).await, allowed(1));
    assert_eq!(take(one, 0).await, allowed(0));
    for limits in &processes {
        assert_eq!(take(limits, 4).await, refused(6));
    }
    assert_eq!(take(other, 10).await, allowed(0));
    assert_eq!(take(one, 10).await, refused(10));
}

#[tokio::test]
async fn each_bucket_counts_alone() {
    let servers = TestServers::start().await;
    let limits = Limits::new(redis(&servers.redis_url));
    for _ in 0..3 {
        take(&limits, 0).await;
    }
    let all = [
        bucket("test", "ada"),
        bucket("test", "eve"),
        bucket("else", "ada"),
    ];
    let verdicts = limits.take(&all, at(0)).await;
    assert_eq!(verdicts, [refused(10), allowed(2), allowed(2)]);
}

#[tokio::test]
async fn requests_are_counted_without_redis() {
    let mut servers = TestServers::start().await;
    let limits = Limits::new(redis(&servers.redis_url));
    assert_eq!(take(&limits, 0).await, allowed(2));
    servers.kill_redis().await;
    assert_eq!(take(&limits, 0).await, allowed(1));
    assert_eq!(take(&limits, 0).await, allowed(0));
    assert_eq!(take(&limits, 0).await, refused(10));
    servers.start_redis().await;
    assert_eq!(take(&limits, 0).await, refused(10));
}

#[tokio::test]
async fn a_generous_quota_costs_few_round_trips_and_is_kept_all_the_same() {
    let servers = TestServers::start().await;
    let quota = Quota {
        requests: 5_000,
        window: Duration::from_secs(3600),
    };
    let bucket = Bucket {
        quota,
        ..bucket("test", "ada")
    };
    let processes = [(); 2].map(|()| Limits::new(redis(&servers.redis_url)));
    let mut allowed = 0;
    for number in 0..2 * quota.requests as usize {
        let verdict = processes[number % 2].take(&[bucket], at(0)).await[0];
        allowed += u32::from(verdict.allowed);
    }
    assert_eq!(allowed, quota.requests, "what was given to both is used by both");
}
