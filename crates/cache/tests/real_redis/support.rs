//! What the tests of the cache share.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;
use std::time::{Duration, Instant};

use cache::{Cache, ConnectOptions, Policy, Redis, Versioned};
use deadpool_redis::redis;

/// How long an operation may take in these tests.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(250);

/// Entries that something else than notices keeps fresh, as orders.
pub(crate) const FOLLOWS_EVENTS: Policy = Policy {
    name: "test",
    ..Policy::ORDERS
};

/// Entries that notices keep fresh.
pub(crate) const FOLLOWS_NOTICES: Policy = Policy {
    name: "noticed",
    ..Policy::CATALOG
};

/// A pool of its own, as another process has.
pub(crate) fn redis(url: &str) -> Redis {
    let options = ConnectOptions {
        url: url.to_owned().into(),
        max_connections: 16,
        timeout: TIMEOUT,
    };
    Redis::new(options).unwrap()
}

/// A cache as another process has.
pub(crate) fn process(url: &str, policy: Policy) -> Cache<u64> {
    Cache::new(policy, redis(url))
}

/// The entry of version `version`; its value is the version times ten.
pub(crate) fn entry(version: u64) -> Versioned<u64> {
    Versioned {
        version,
        value: version * 10,
    }
}

/// Sends one raw command.
pub(crate) async fn raw(url: &str, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.query_async(&mut connection).await.unwrap()
}

/// The process id of the server.
pub(crate) async fn pid(url: &str) -> String {
    let info: String = redis::from_redis_value(raw(url, &["INFO", "server"]).await).unwrap();
    info.lines()
        .find_map(|line| line.strip_prefix("process_id:"))
        .unwrap()
        .trim()
        .to_owned()
}

/// Sends the signal `name` to the process.
pub(crate) fn signal(name: &str, pid: &str) {
    assert!(Command::new("kill").args([name, pid]).status().unwrap().success());
}

/// A number that looks random, the same in every run (splitmix64).
pub(crate) fn scatter(round: u64, salt: u64) -> u64 {
    let mut mixed = (round << 8 | salt).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Lets others go first for 0 to 600 microseconds: about as long as Redis takes.
pub(crate) async fn dawdle(round: u64, salt: u64) {
    let until = Instant::now() + Duration::from_micros(scatter(round, salt) % 600);
    while Instant::now() < until {
        tokio::task::yield_now().await;
    }
}
