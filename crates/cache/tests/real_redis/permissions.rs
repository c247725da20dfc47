//! Each service is a user of its own, who may do what the service does and no more.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use cache::limits::{Bucket, Limits, Quota};
use cache::permissions::{User, acl};

use cache::{Begun, Cache, EndedSessions, Lane, Pace, Policy, Rate, RequestRecords};
use deadpool_redis::redis::{self, RedisResult, Value};
use devstack::testing::TestServers;
use jiff::Timestamp;
use uuid::Uuid;

use crate::support::{entry, redis};

const PASSWORD: &str = "for a test";

async fn guarded() -> TestServers {
    let passwords = User::ALL.map(|user| (user, PASSWORD.to_owned().into()));
    TestServers::start_with_redis_users(&acl(&passwords)).await
}

fn url(servers: &TestServers, user: User) -> String {
    let place = servers.redis_url.trim_start_matches("redis://");
    format!("redis://{user}:for%20a%20test@{place}")
}

async fn attempt(servers: &TestServers, user: User, words: &[&str]) -> RedisResult<Value> {
    let client = redis::Client::open(url(servers, user)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]).query_async(&mut connection).await
}

#[tokio::test]
async fn what_a_service_must_not_do_is_refused() {
    let servers = guarded().await;
    let everyone: [&[&str]; 13] = [
        &["FLUSHALL"],
        &["FLUSHDB"],
        &["CONFIG", "GET", "*"],
        &["ACL", "LIST"],
        &["KEYS", "*"],
        &["SCAN", "0"],
        &["SHUTDOWN"],
        &["MONITOR"],
        &["SET", "waybill:orders:x", "y"],
        &["DEL", "waybill:orders:x"],
        &["HSET", "waybill:other:x", "v", "1"],
        &["HMGET", "elsewhere", "v"],
        &["PUBLISH", "elsewhere", "x"],
    ];
    let processor: [&[&str]; 6] = [
        &["HGET", "waybill:ended-sessions:x", "ended"],
        &["HSET", "waybill:limits:x", "empty", "1"],
        &["HMGET", "waybill:requests:x", "answer"],
        &["HSET", "waybill:catalog:x", "v", "1"],
        &["PUBLISH", "waybill:notices:catalog", "x 1"],
        &["SUBSCRIBE", "waybill:notices:orders"],
    ];
    let hub: [&[&str]; 3] = [
        &["HGET", "waybill:pace:apns", "empty"],
        &["HSET", "waybill:limits:x", "empty", "1"],
        &["HMGET", "waybill:orders:x", "v"],
    ];
    for user in [
        User::WebFrontend,
        User::RestApi,
        User::OrderProcessor,
        User::NotificationHub,
    ] {
        let own = match user {
            User::OrderProcessor => &processor[..],
            User::NotificationHub => &hub[..],
            _ => &[],
        };
        for words in everyone.iter().chain(own) {
            let error = attempt(&servers, user, words).await.unwrap_err();
            assert_eq!(error.code(), Some("NOPERM"), "{user}: {words:?}: {error}");
        }
    }
    attempt(&servers, User::Operator, &["FLUSHALL"]).await.unwrap();
}

#[tokio::test]
async fn a_script_may_not_do_what_its_caller_may_not() {
    let servers = guarded().await;
    let client = redis::Client::open(url(&servers, User::RestApi)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let script = redis::Script::new("return redis.call('HSET', 'waybill:other:x', 'v', '1')");
    let refused: RedisResult<Value> = script.invoke_async(&mut connection).await;
    let error = refused.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("The user executing the script can't access"),
        "{error}"
    );
}

#[tokio::test]
async fn who_is_not_known_is_not_let_in() {
    let servers = guarded().await;
    let place = servers.redis_url.trim_start_matches("redis://");
    for stranger in [
        format!("redis://{place}"),
        format!("redis://rest-api:guess@{place}"),
    ] {
        let refused = redis(&stranger).ping().await.unwrap_err().to_string();
        assert!(refused.to_lowercase().contains("auth"), "{refused}");
    }
}

#[tokio::test]
async fn every_service_can_do_its_work() {
    let servers = guarded().await;
    let refreshing = Policy {
        in_process: 0,
        ..Policy::ORDERS
    };
    let processor: Cache<u64> = Cache::new(refreshing, redis(&url(&servers, User::OrderProcessor)));
    processor
        .put_all(vec![("a".to_owned(), entry(2), None)])
        .await
        .unwrap();
    for user in [User::WebFrontend, User::RestApi] {
        let door = redis(&url(&servers, user));
        door.ping().await.unwrap();
        let orders: Cache<u64> = Cache::new(Policy::ORDERS, door.clone());
        assert_eq!(orders.get("a", 0).await.unwrap(), Some(entry(2)));
        orders.put("b", entry(1), None).await.unwrap();
        let catalog: Cache<u64> = Cache::new(Policy::CATALOG, door.clone());
        catalog.put("tea", entry(1), None).await.unwrap();
        catalog.delete("tea", 1).await.unwrap();
        let searches: Cache<u64> = Cache::new(Policy::SEARCHES, door.clone());
        searches.put("tea", entry(1), None).await.unwrap();
        let (records, fingerprint) = (RequestRecords::new(door), user.name().to_owned().into());
        assert_eq!(
            records.begin(user.name(), &fingerprint).await.unwrap(),
            Begun::New
        );
        records.finish(user.name(), &fingerprint, "done").await.unwrap();
        let door = redis(&url(&servers, user));
        let scopes: Cache<u64> = Cache::new(Policy::SCOPES, door.clone());
        scopes.put("ada", entry(1), None).await.unwrap();
        let sessions = EndedSessions::new(door.clone(), Duration::from_secs(60));
        sessions.end(Uuid::from_u128(1)).await.unwrap();
        let bucket = Bucket {
            what: "test",
            subject: user.name(),
            quota: Quota {
                requests: 1,
                window: Duration::from_secs(60),
            },
        };
        // In two processes: the second learns of the first by Redis alone.
        let mut verdicts = Vec::new();
        for process in [Limits::new(door.clone()), Limits::new(door)] {
            verdicts.push(process.take(&[bucket], Timestamp::UNIX_EPOCH).await[0].allowed);
        }
        assert_eq!(verdicts, [true, false]);
    }
    let hub = redis(&url(&servers, User::NotificationHub));
    hub.ping().await.unwrap();
    let slow = Rate {
        per_second: 1,
        ramp: Duration::from_secs(60),
    };
    // In two processes: the second learns of the first by Redis alone.
    let [one, other] = [(); 2].map(|()| Pace::new("test", slow, Some(hub.clone())));
    assert!(one.take(Lane::First).await);
    assert!(!other.take(Lane::First).await);
}
