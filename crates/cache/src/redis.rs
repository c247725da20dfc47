//! The connection pool, and how one operation is run: within a short time, through the breaker.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{self, AsyncConnectionConfig, Client, RedisError, RedisResult};
use deadpool_redis::{Connection, Manager, Pool, PoolError, Runtime};
use secrecy::{ExposeSecret, SecretString};
use tracing::warn;

use crate::breaker::Breaker;

/// How to reach Redis.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// `redis://host:port`
    pub url: SecretString,
    /// The most connections of the pool.
    pub max_connections: usize,
    /// How long one operation may take, connecting included. Short (250 ms, say): everything here has somewhere else to go.
    pub timeout: Duration,
}

/// Redis gave no answer in time. The caller goes on without it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("Redis is out of reach: {0}")]
pub struct CacheError(pub String);

/// A pool of connections to one Redis. Cheap to clone. Making it does not connect.
#[derive(Debug, Clone)]
pub struct Redis {
    pool: Pool,
    client: Client,
    timeout: Duration,
    breaker: Arc<Breaker>,
}

impl Redis {
    /// A pool by `options`.
    ///
    /// # Errors
    /// Where the address is not one of Redis.
    pub fn new(options: ConnectOptions) -> Result<Self, CacheError> {
        let ConnectOptions {
            url,
            max_connections,
            timeout,
        } = options;
        let wrong = |error: RedisError| CacheError(format!("its address is not valid: {error}"));
        let client = Client::open(url.expose_secret()).map_err(wrong)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout));
        let manager = Manager::new_with_config(url.expose_secret(), config).map_err(wrong)?;
        let pool = Pool::builder(manager)
            .max_size(max_connections)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| CacheError(error.to_string()))?;
        Ok(Self {
            pool,
            client,
            timeout,
            breaker: Arc::default(),
        })
    }

    /// Whether it answers, for readiness and `waybillctl`.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn ping(&self) -> Result<(), CacheError> {
        self.run(async |mut connection: Connection| {
            redis::cmd("PING").query_async::<()>(&mut connection).await
        })
        .await
    }

    /// Runs one operation on a connection of the pool.
    pub(crate) async fn run<T, F>(
        &self,
        operation: impl FnOnce(Connection) -> F + Send,
    ) -> Result<T, CacheError>
    where
        F: Future<Output = RedisResult<T>> + Send,
    {
        if !self.breaker.admits() {
            return Err(self.failed("it did not answer lately"));
        }
        let whole = async {
            let connection = self.pool.get().await.map_err(Failure::from)?;
            operation(connection).await.map_err(Failure::from)
        };
        match tokio::time::timeout(self.timeout, Box::pin(whole)).await {
            Ok(Ok(value)) => {
                self.breaker.answered();
                Ok(value)
            }
            Ok(Err(Failure::Answer(error))) => {
                self.breaker.answered();
                Err(self.failed(&error.to_string()))
            }
            Ok(Err(Failure::Silence(why))) => Err(self.silent(&why)),
            Err(_) => Err(self.silent(&format!("no answer within {:?}", self.timeout))),
        }
    }

    /// A client for subscriptions, which need a connection of their own.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// How long one operation may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    fn silent(&self, why: &str) -> CacheError {
        if self.breaker.silent() {
            warn!(error = why, "Redis does not answer; going on without it");
        }
        self.failed(why)
    }

    fn failed(&self, why: &str) -> CacheError {
        metrics::counter!("redis_failures_total").increment(1);
        CacheError(why.to_owned())
    }
}

/// Whether Redis said no, or nothing at all.
enum Failure {
    Answer(RedisError),
    Silence(String),
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
            Self::Silence(error.to_string())
        } else {
            Self::Answer(error)
        }
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            other => Self::Silence(other.to_string()),
        }
    }
}
