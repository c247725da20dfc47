//! Reaching Postgres, NATS and Redis by what the command line says, and following whether they stay within reach.

use std::time::Duration;

use cache::Redis;
use messaging::{ConnectError, Messaging};
use secrecy::SecretString;
use storage::{Storage, StorageError};

use crate::args::{DatabaseArgs, NatsArgs, RedisArgs, ServersArgs};
use crate::connect::{Failure, retry};
use crate::health::Check;
use crate::{Health, Lifecycle, clock};

/// How often a server is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// What a front door works with.
#[derive(Debug)]
pub struct DoorServers {
    /// Takes the orders; the door is not ready without it.
    pub messaging: Messaging,
    /// Has what was decided.
    pub storage: Storage,
    /// Has the caches.
    pub redis: Redis,
    /// Has the records that must not be evicted.
    pub state_redis: Redis,
}

impl ServersArgs {
    /// Connects a front door as `name`, trying for `limit`, and follows the servers while `lifecycle` lasts.
    ///
    /// # Errors
    /// In one line, what can't be reached and why.
    pub async fn connect_door(
        &self,
        name: &str,
        limit: Duration,
        lifecycle: &Lifecycle,
        health: &Health,
    ) -> anyhow::Result<DoorServers> {
        let messaging = self.nats.connect(name, limit).await?;
        let storage = self.database.connect(name, limit).await?;
        let (redis, state_redis) = (self.redis.caches()?, self.redis.records()?);
        // Orders are accepted without Postgres and Redis, so only NATS decides whether the door is ready.
        lifecycle.spawn_background(health.require("nats").follow_nats(messaging.clone()));
        lifecycle.spawn_background(health.report_only("postgres").follow_postgres(storage.clone()));
        lifecycle.spawn_background(health.report_only("redis").follow_redis(redis.clone()));
        Ok(DoorServers {
            messaging,
            storage,
            redis,
            state_redis,
        })
    }
}

impl DatabaseArgs {
    /// Connects as `name`, the program's name as the server shows it; keeps trying for `limit`.
    ///
    /// # Errors
    /// In one line, what can't be reached and why.
    pub async fn connect(&self, name: &str, limit: Duration) -> anyhow::Result<Storage> {
        let options = storage::ConnectOptions {
            url: self.database_url.clone(),
            name: name.to_owned(),
            max_connections: self.database_connections,
            timeout: self.database_timeout,
        };
        let connect = move || {
            let options = options.clone();
            async move { Storage::connect(options).await.map_err(storage_failure) }
        };
        retry("Postgres", limit, connect).await
    }
}

/// Whether Postgres is worth another attempt.
pub fn storage_failure(error: StorageError) -> Failure<StorageError> {
    match error {
        StorageError::Unavailable(_) => Failure::Transient(error),
        _ => Failure::Permanent(error),
    }
}

impl NatsArgs {
    /// Connects as `name`, the program's name as the server shows it; keeps trying for `limit`.
    ///
    /// # Errors
    /// In one line, what can't be reached and why, or that the seed's file can't be read.
    pub async fn connect(&self, name: &str, limit: Duration) -> anyhow::Result<Messaging> {
        let options = messaging::ConnectOptions {
            url: self.nats_url.clone(),
            seed: self.seed()?,
            name: name.to_owned(),
            request_timeout: self.nats_timeout,
            now: clock::now,
        };
        let connect = move || {
            let options = options.clone();
            async move { Messaging::connect(options).await.map_err(messaging_failure) }
        };
        retry("NATS", limit, connect).await
    }
}

fn messaging_failure(error: ConnectError) -> Failure<ConnectError> {
    match error {
        ConnectError::TooOld { .. } | ConnectError::Denied { .. } => Failure::Permanent(error),
        ConnectError::Unreachable { .. } => Failure::Transient(error),
    }
}

impl RedisArgs {
    /// The server of the caches. It is reached when it is first asked.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn caches(&self) -> anyhow::Result<Redis> {
        self.open(&self.redis_url)
    }

    /// The server of records that must not be evicted. It is reached when it is first asked.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn records(&self) -> anyhow::Result<Redis> {
        self.open(self.redis_state_url.as_ref().unwrap_or(&self.redis_url))
    }

    fn open(&self, url: &SecretString) -> anyhow::Result<Redis> {
        Ok(Redis::new(cache::ConnectOptions {
            url: url.clone(),
            max_connections: self.redis_connections,
            timeout: self.redis_timeout,
        })?)
    }
}

impl Check {
    /// Follows Postgres from now on; for [`crate::Lifecycle::spawn_background`].
    pub async fn follow_postgres(self, storage: Storage) {
        let ping = move || {
            let storage = storage.clone();
            async move { storage.ping().await }
        };
        self.follow(ASK_EVERY, ping).await;
    }

    /// Follows NATS from now on; for [`crate::Lifecycle::spawn_background`].
    pub async fn follow_nats(self, messaging: Messaging) {
        let connected = async || {
            messaging
                .is_connected()
                .then_some(())
                .ok_or("NATS is out of reach")
        };
        self.follow(ASK_EVERY, connected).await;
    }

    /// Follows Redis from now on; for [`crate::Lifecycle::spawn_background`].
    pub async fn follow_redis(self, redis: Redis) {
        let ping = move || {
            let redis = redis.clone();
            async move { redis.ping().await }
        };
        self.follow(ASK_EVERY, ping).await;
    }
}
