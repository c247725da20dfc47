//! Tries that are counted and sessions that ended: for all processes together, and for each without Redis.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use cache::{EndedSessions, Limit, Throttle, TooOften};
use devstack::testing::{TestServers, eventually};
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::redis;

const LIMIT: Limit = Limit {
    burst: 3,
    period: Duration::from_secs(30),
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

#[tokio::test]
async fn tries_are_counted_for_all_processes_together() {
    let servers = TestServers::start().await;
    let processes = [(); 2].map(|()| Throttle::new(redis(&servers.redis_url)));
    let [one, other] = &processes;
    let take = async |throttle: &Throttle, second| throttle.take("test", "ada", LIMIT, at(second)).await;
    assert_eq!(take(one, 0).await, Ok(()));
    assert_eq!(take(other, 0).await, Ok(()));
    assert_eq!(take(one, 0).await, Ok(()));
    for throttle in &processes {
        assert_eq!(take(throttle, 4).await, Err(TooOften(Duration::from_secs(6))));
    }
    assert_eq!(one.take("test", "eve", LIMIT, at(4)).await, Ok(()));
    assert_eq!(one.take("else", "ada", LIMIT, at(4)).await, Ok(()));
    assert_eq!(take(other, 10).await, Ok(()));
    assert_eq!(take(one, 10).await, Err(TooOften(Duration::from_secs(10))));
}

#[tokio::test]
async fn tries_are_counted_without_redis() {
    let mut servers = TestServers::start().await;
    let throttle = Throttle::new(redis(&servers.redis_url));
    let take = async |second| throttle.take("test", "ada", LIMIT, at(second)).await;
    assert_eq!(take(0).await, Ok(()));
    servers.kill_redis().await;
    assert_eq!(take(0).await, Ok(()));
    assert_eq!(take(0).await, Ok(()));
    assert_eq!(take(0).await, Err(TooOften(Duration::from_secs(10))));
    servers.start_redis().await;
    assert_eq!(take(0).await, Err(TooOften(Duration::from_secs(10))));
}

#[tokio::test]
async fn a_session_that_ended_is_known_everywhere_within_seconds_and_here_at_once() {
    let servers = TestServers::start().await;
    let kept = Duration::from_secs(60);
    let processes = [(); 2].map(|()| EndedSessions::new(redis(&servers.redis_url), kept));
    let [one, other] = &processes;
    let (ended, alive) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for process in &processes {
        assert!(!process.is_ended(ended).await);
    }
    one.end(ended).await.unwrap();
    assert!(one.is_ended(ended).await);
    eventually("the other process to know it", async || {
        other.is_ended(ended).await.then_some(())
    })
    .await;
    assert!(!one.is_ended(alive).await && !other.is_ended(alive).await);
}

#[tokio::test]
async fn without_redis_a_session_ends_in_this_process() {
    let mut servers = TestServers::start().await;
    let sessions = EndedSessions::new(redis(&servers.redis_url), Duration::from_secs(60));
    servers.kill_redis().await;
    let (ended, alive) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert!(sessions.end(ended).await.is_err());
    assert!(sessions.is_ended(ended).await && !sessions.is_ended(alive).await);
}
