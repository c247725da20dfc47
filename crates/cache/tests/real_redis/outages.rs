//! Redis killed, stopped, emptied: readers go on, and nothing goes back.

use std::time::{Duration, Instant};

use crate::support::{FOLLOWS_EVENTS, FOLLOWS_NOTICES, TIMEOUT, entry, pid, process, raw, redis, signal};
use cache::{Begun, RequestRecords};
use devstack::testing::{TestServers, eventually};
use domain::Fingerprint;

#[tokio::test]
async fn with_redis_killed_loads_go_on_and_after_its_restart_it_is_used_again() {
    let mut servers = TestServers::start().await;
    let cache = process(&servers.redis_url, FOLLOWS_EVENTS);
    cache.put("a", entry(2), None).await.unwrap();
    servers.kill_redis().await;

    assert_eq!(
        cache.get("a", 0).await.unwrap(),
        Some(entry(2)),
        "the in-process tier still answers"
    );
    let older = cache
        .load("a", "", 0, async { Ok::<_, String>(Some(entry(1))) })
        .await;
    assert_eq!(
        older,
        Ok(Some(entry(2))),
        "an older load does not cover what this process has seen"
    );
    assert!(cache.get("b", 0).await.is_err());
    let loaded = cache
        .get_or_load("b", 0, async { Ok::<_, String>(Some(entry(1))) })
        .await;
    assert_eq!(loaded, Ok(Some(entry(1))));
    assert!(cache.put("a", entry(3), None).await.is_err());
    assert_eq!(cache.get("a", 0).await.unwrap(), Some(entry(3)));

    servers.start_redis().await;
    eventually("a put", async || cache.put("c", entry(1), None).await.ok()).await;
    cache
        .put_all(vec![("d".to_owned(), entry(1), None)])
        .await
        .unwrap();
    let other = process(&servers.redis_url, FOLLOWS_EVENTS);
    assert_eq!(other.get("c", 0).await.unwrap(), Some(entry(1)));
    assert_eq!(other.get("d", 0).await.unwrap(), Some(entry(1)));
}

#[tokio::test]
async fn a_stopped_redis_does_not_add_its_time_out_to_every_request() {
    let servers = TestServers::start().await;
    let cache = process(&servers.redis_url, FOLLOWS_EVENTS);
    cache.put("a", entry(1), None).await.unwrap();
    let pid = pid(&servers.redis_url).await;
    signal("-STOP", &pid);

    let begun = Instant::now();
    for _ in 0..200 {
        assert!(cache.get("missing", 0).await.is_err());
    }
    let took = begun.elapsed();
    signal("-CONT", &pid);
    assert!(took < TIMEOUT * 8, "200 reads took {took:?}");
    eventually("Redis to be used again", async || {
        cache.get("missing", 0).await.ok()
    })
    .await;
}

#[tokio::test]
async fn an_emptied_redis_is_a_miss_and_takes_new_entries() {
    let servers = TestServers::start().await;
    let here = process(&servers.redis_url, FOLLOWS_EVENTS);
    let there = process(&servers.redis_url, FOLLOWS_EVENTS);
    here.put("a", entry(2), None).await.unwrap();
    raw(&servers.redis_url, &["FLUSHALL"]).await;
    assert_eq!(there.get("a", 0).await.unwrap(), None);
    assert_eq!(here.get("a", 0).await.unwrap(), Some(entry(2)));
    here.put("a", entry(3), None).await.unwrap();
    assert_eq!(there.get("a", 3).await.unwrap(), Some(entry(3)));
}

#[tokio::test]
async fn a_lost_subscription_rests_the_in_process_tier_until_it_stands_again() {
    let mut servers = TestServers::start().await;
    let (here, there) = (
        process(&servers.redis_url, FOLLOWS_NOTICES),
        process(&servers.redis_url, FOLLOWS_NOTICES),
    );
    here.put("a", entry(1), None).await.unwrap();
    eventually("an in-process entry", async || there.get("a", 0).await.unwrap()).await;
    servers.kill_redis().await;
    eventually("the in-process tier to rest", async || {
        there.get("a", 0).await.err()
    })
    .await;
    assert_eq!(
        there.get_stale("a").await,
        Some(entry(1)),
        "better stale than nothing, where that is asked for"
    );

    servers.start_redis().await;
    eventually("a put", async || here.put("a", entry(2), None).await.ok()).await;
    for version in 3..10 {
        let newer = eventually("a newer version", async || {
            let _ = here.put("a", entry(version), None).await;
            there.get("a", version).await.ok().flatten()
        });
        assert_eq!(newer.await, entry(version));
    }
    assert_eq!(there.get("a", 0).await.unwrap(), Some(entry(9)));
}

#[tokio::test]
async fn a_request_is_begun_once_and_only_its_own_fingerprint_finishes_it() {
    let mut servers = TestServers::start().await;
    let records = RequestRecords::new(redis(&servers.redis_url));
    let (first, other) = (Fingerprint::of(&1), Fingerprint::of(&2));
    assert_eq!(records.begin("r", &first).await.unwrap(), Begun::New);
    assert_eq!(
        records.begin("r", &other).await.unwrap(),
        Begun::Pending(first.clone())
    );
    records.finish("r", &other, "wrong").await.unwrap();
    assert_eq!(
        records.begin("r", &first).await.unwrap(),
        Begun::Pending(first.clone())
    );
    records.finish("r", &first, "answer").await.unwrap();
    assert_eq!(
        records.begin("r", &first).await.unwrap(),
        Begun::Done(first.clone(), "answer".to_owned())
    );
    let kept = raw(&servers.redis_url, &["TTL", "waybill:requests:r"]).await;
    let kept: u64 = deadpool_redis::redis::from_redis_value(kept).unwrap();
    assert!((86_000..=86_400).contains(&kept));

    let all = futures_util::future::join_all((0..50).map(|_| records.begin("many", &first))).await;
    let new = all
        .into_iter()
        .filter(|begun| matches!(begun, Ok(Begun::New)))
        .count();
    assert_eq!(new, 1, "of 50 at once one begins");

    servers.kill_redis().await;
    let begun = Instant::now();
    assert!(records.begin("r", &first).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(1));
}
