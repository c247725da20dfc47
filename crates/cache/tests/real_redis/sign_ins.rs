//! Sessions that ended: for all processes together, and for each without Redis.

use std::time::Duration;

use cache::EndedSessions;
use devstack::testing::{TestServers, eventually};
use uuid::Uuid;

use crate::support::redis;

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
