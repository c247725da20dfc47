//! The two races that a cache with plain set and delete loses, a thousand times each.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::support::{FOLLOWS_EVENTS, dawdle, entry, process};
use cache::{Cache, Versioned};
use devstack::testing::TestServers;
use futures_util::{StreamExt, stream};

const ROUNDS: u64 = 1_000;

/// Reads through the cache; on a miss reads `store` slowly.
async fn read(cache: &Cache<u64>, key: &str, floor: u64, store: &AtomicU64, round: u64) -> Option<u64> {
    let load = async {
        let version = store.load(SeqCst);
        dawdle(round, 1).await;
        Ok::<_, Infallible>((version > 0).then(|| entry(version)))
    };
    let found: Option<Versioned<u64>> = cache.get_or_load(key, floor, load).await.unwrap();
    found.map(|entry| entry.version)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_load_that_began_before_a_write_never_brings_the_older_version_back() {
    let servers = TestServers::start().await;
    let (here, there) = (
        process(&servers.redis_url, FOLLOWS_EVENTS),
        process(&servers.redis_url, FOLLOWS_EVENTS),
    );
    let fresh = process(
        &servers.redis_url,
        cache::Policy {
            in_process: 0,
            ..FOLLOWS_EVENTS
        },
    );
    let overtaken = &AtomicU64::new(0);

    stream::iter(0..ROUNDS)
        .for_each_concurrent(8, |round| {
            let (here, there, fresh) = (here.clone(), there.clone(), fresh.clone());
            async move {
                let key = format!("load-{round}");
                let store = Arc::new(AtomicU64::new(1));
                let early = read(&here, &key, 0, &store, round);
                let late = read(&there, &key, 0, &store, round + ROUNDS);
                let write = async {
                    dawdle(round, 2).await;
                    store.store(2, SeqCst);
                    here.put(&key, entry(2), None).await.unwrap();
                    // Whoever reads here from now on sees what was written, while loads of the older one still run.
                    assert_eq!(read(&here, &key, 0, &store, round).await, Some(2));
                };
                let (early, late, ()) = tokio::join!(early, late, write);
                overtaken.fetch_add(u64::from([early, late].contains(&Some(1))), SeqCst);

                assert_eq!(
                    read(&here, &key, 0, &store, round).await,
                    Some(2),
                    "in process, round {round}"
                );
                assert_eq!(
                    read(&fresh, &key, 0, &store, round).await,
                    Some(2),
                    "in Redis, round {round}"
                );
                assert_eq!(
                    read(&there, &key, 2, &store, round).await,
                    Some(2),
                    "by its floor, round {round}"
                );
                there.forget_older(&key, 2).await;
                assert_eq!(
                    read(&there, &key, 0, &store, round).await,
                    Some(2),
                    "by its event, round {round}"
                );
            }
        })
        .await;
    assert!(
        overtaken.load(SeqCst) > 0,
        "no load was overtaken by its write: the race never happened"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_lands_between_the_tiers_is_never_covered_by_an_older_one() {
    let servers = TestServers::start().await;
    let (here, there) = (
        process(&servers.redis_url, FOLLOWS_EVENTS),
        process(&servers.redis_url, FOLLOWS_EVENTS),
    );
    let fresh = process(
        &servers.redis_url,
        cache::Policy {
            in_process: 0,
            ..FOLLOWS_EVENTS
        },
    );

    stream::iter(0..ROUNDS)
        .for_each_concurrent(8, |round| {
            let (here, there, fresh) = (here.clone(), there.clone(), fresh.clone());
            async move {
                let key = format!("put-{round}");
                fresh.put(&key, entry(1), None).await.unwrap();
                let put = async |cache: &Cache<u64>, version, salt| {
                    dawdle(round, salt).await;
                    cache.put(&key, entry(version), None).await.unwrap();
                };
                // Reads Redis, and puts what it read in process: a write may land between the two.
                let watch = async |cache: &Cache<u64>| {
                    let mut seen = 0;
                    for _ in 0..6 {
                        let version = cache.get(&key, 0).await.unwrap().unwrap().version;
                        assert!(
                            version >= seen,
                            "round {round}: went back from {seen} to {version}"
                        );
                        seen = version;
                    }
                };
                tokio::join!(
                    put(&here, 2, 1),
                    put(&here, 3, 2),
                    put(&there, 2, 3),
                    watch(&here),
                    watch(&there)
                );

                assert_eq!(
                    here.get(&key, 0).await.unwrap(),
                    Some(entry(3)),
                    "in process, round {round}"
                );
                assert_eq!(
                    fresh.get(&key, 0).await.unwrap(),
                    Some(entry(3)),
                    "in Redis, round {round}"
                );
                assert_eq!(
                    there.get(&key, 3).await.unwrap(),
                    Some(entry(3)),
                    "by its floor, round {round}"
                );
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_load_that_began_before_a_deletion_does_not_revive_what_was_deleted() {
    let servers = TestServers::start().await;
    let here = process(&servers.redis_url, FOLLOWS_EVENTS);
    let there = process(&servers.redis_url, FOLLOWS_EVENTS);

    stream::iter(0..ROUNDS)
        .for_each_concurrent(8, |round| {
            let (here, there) = (here.clone(), there.clone());
            async move {
                let key = format!("delete-{round}");
                let store = AtomicU64::new(1);
                let delete = async {
                    dawdle(round, 2).await;
                    store.store(0, SeqCst);
                    here.delete(&key, 2).await.unwrap();
                };
                tokio::join!(read(&here, &key, 0, &store, round), delete);
                assert_eq!(
                    read(&here, &key, 0, &store, round).await,
                    None,
                    "in process, round {round}"
                );
                assert_eq!(there.get(&key, 0).await.unwrap(), None, "in Redis, round {round}");
                // What is made again under the version of the deletion is taken.
                here.put(&key, entry(2), None).await.unwrap();
                assert_eq!(
                    there.get(&key, 0).await.unwrap(),
                    Some(entry(2)),
                    "made again, round {round}"
                );
            }
        })
        .await;
}
