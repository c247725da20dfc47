//! What a cache keeps, for how long, and for whom it loads.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use crate::support::{FOLLOWS_EVENTS, FOLLOWS_NOTICES, entry, process, raw};
use cache::{Cache, Policy, Put, Versioned};
use devstack::testing::{TestServers, eventually};
use futures_util::future::join_all;

#[tokio::test]
async fn only_newer_versions_are_written_and_floors_make_older_ones_a_miss() {
    let servers = TestServers::start().await;
    let (here, there) = (
        process(&servers.redis_url, FOLLOWS_EVENTS),
        process(&servers.redis_url, FOLLOWS_EVENTS),
    );
    assert_eq!(here.put("a", entry(5), None).await.unwrap(), Put::Written);
    assert_eq!(there.put("a", entry(4), None).await.unwrap(), Put::Older);
    assert_eq!(there.put("a", entry(5), None).await.unwrap(), Put::Same);
    for cache in [&here, &there] {
        assert_eq!(cache.get("a", 5).await.unwrap(), Some(entry(5)));
        assert_eq!(
            cache.get("a", 6).await.unwrap(),
            None,
            "below the floor is a miss in both tiers"
        );
        assert_eq!(cache.get("b", 0).await.unwrap(), None);
    }
    let many = vec![("a".to_owned(), entry(3), None), ("b".to_owned(), entry(1), None)];
    there.put_all(many).await.unwrap();
    assert_eq!(here.get("a", 0).await.unwrap(), Some(entry(5)));
    assert_eq!(here.get("b", 0).await.unwrap(), Some(entry(1)));
}

#[tokio::test]
async fn each_entry_lives_for_its_own_time_in_both_tiers() {
    let servers = TestServers::start().await;
    let settled = |value: &u64| Duration::from_secs(if *value > 10 { 600 } else { 60 });
    let here = process(&servers.redis_url, FOLLOWS_EVENTS).living(settled);
    here.put("moving", entry(1), None).await.unwrap();
    here.put("settled", entry(2), None).await.unwrap();
    here.put("short", entry(3), Some(Duration::from_millis(300)))
        .await
        .unwrap();
    for (key, at_most) in [("moving", 60), ("settled", 600)] {
        let left = raw(&servers.redis_url, &["TTL", &format!("waybill:test:{key}")]).await;
        let left: i64 = deadpool_redis::redis::from_redis_value(left).unwrap();
        assert!(
            (at_most - 5..=at_most).contains(&left),
            "{key} lives for {left} s"
        );
    }
    let there = process(&servers.redis_url, FOLLOWS_EVENTS);
    assert_eq!(
        there.get("short", 0).await.unwrap(),
        Some(entry(3)),
        "taken over from Redis"
    );
    eventually("the short-lived entry to go", async || {
        let gone =
            here.get("short", 0).await.unwrap().is_none() && there.get("short", 0).await.unwrap().is_none();
        gone.then_some(())
    })
    .await;
}

#[tokio::test]
async fn one_loads_for_all_who_wait() {
    let servers = TestServers::start().await;
    let cache: Cache<u64> = process(
        &servers.redis_url,
        Policy {
            in_process: 0,
            ..FOLLOWS_EVENTS
        },
    );
    let (loads, cache) = (&AtomicU32::new(0), &cache);
    let (open, gate) = tokio::sync::watch::channel(false);
    let readers = join_all((0..50).map(|_| {
        let mut gate = gate.clone();
        let load = async move {
            loads.fetch_add(1, SeqCst);
            gate.wait_for(|open| *open).await.unwrap();
            Ok::<_, String>(None::<Versioned<u64>>)
        };
        cache.load("none", "", 0, load)
    }));
    let release = async {
        eventually("a load", async || (loads.load(SeqCst) > 0).then_some(())).await;
        open.send_replace(true);
    };
    let (answers, ()) = tokio::join!(readers, release);
    assert!(answers.into_iter().all(|answer| answer == Ok(None)));
    assert_eq!(loads.load(SeqCst), 1);
    let failed = cache
        .load("failing", "", 0, async {
            Err::<Option<Versioned<u64>>, _>("down".to_owned())
        })
        .await;
    assert_eq!(failed, Err("down".to_owned()));
}

#[tokio::test]
async fn a_cancelled_load_leaves_nobody_waiting() {
    let servers = TestServers::start().await;
    let cache = process(&servers.redis_url, FOLLOWS_EVENTS);
    let first = tokio::spawn({
        let cache = cache.clone();
        async move {
            cache
                .load("slow", "", 0, std::future::pending::<Result<_, String>>())
                .await
        }
    });
    let second = tokio::spawn({
        let cache = cache.clone();
        async move {
            cache
                .load("slow", "", 0, async { Ok::<_, String>(Some(entry(1))) })
                .await
        }
    });
    tokio::task::yield_now().await;
    first.abort();
    assert_eq!(second.await.unwrap(), Ok(Some(entry(1))));
}

#[tokio::test]
async fn a_notice_makes_other_processes_forget_what_is_older() {
    let servers = TestServers::start().await;
    let (here, there) = (
        process(&servers.redis_url, FOLLOWS_NOTICES),
        process(&servers.redis_url, FOLLOWS_NOTICES),
    );
    for version in 1..50 {
        here.put("a b", entry(version), None).await.unwrap();
        eventually("the newer version", async || {
            let found = there.get("a b", 0).await.unwrap().unwrap();
            (found == entry(version)).then_some(())
        })
        .await;
    }
    here.delete("a b", 60).await.unwrap();
    eventually("the deletion", async || {
        there.get("a b", 0).await.unwrap().is_none().then_some(())
    })
    .await;
}
