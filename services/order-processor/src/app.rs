//! Wiring: connects to the servers and starts one worker for orders and one for the catalog.

use std::net::TcpListener;
use std::time::Duration;

use chassis::connect::{Failure, retry};
use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin, clock};
use messaging::{ConnectError, Handler, Messaging, Worker};
use storage::{Storage, StorageError};
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::attempts::RecordedAttempts;
use crate::batch::OrdersHandler;
use crate::caching::Refresh;
use crate::catalog::CatalogHandler;
use crate::faults::FaultDrill;

/// The service's name, as other parts see it.
pub const NAME: &str = "order-processor";

/// How often readiness is asked for.
const HEALTH_PERIOD: Duration = Duration::from_secs(1);

/// The most commands in one transaction: beyond about a hundred rows a statement gains nothing.
const MAX_BATCH: usize = 128;

/// Attempts after which a command becomes a dead letter.
const MAX_ATTEMPTS: u32 = 5;

/// Runs the service until `stop` or a signal, then finishes what is in hand. `admin` is the port of health and metrics.
///
/// # Errors
/// Where a server can't be reached in time, or a part fails.
pub async fn run(
    args: Args,
    admin: TcpListener,
    telemetry: Telemetry,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let health = Health::default();
    let lifecycle = Lifecycle::new(health.clone(), stop);
    admin::spawn(&lifecycle, admin, health.clone(), telemetry)?;
    let (messaging, storage) = (connect_nats(&args).await?, connect_postgres(&args).await?);
    let redis = redis(&args)?;
    follow_health(&lifecycle, &health, &messaging, &storage, &redis);
    let parts = Parts {
        messaging,
        storage,
        redis,
        health,
    };
    parts.start_orders(&args, &lifecycle);
    parts.start_catalog(&lifecycle);
    tracing::info!("ready for commands");
    lifecycle.run(args.service.drain_timeout).await
}

async fn connect_nats(args: &Args) -> anyhow::Result<Messaging> {
    let seed = args.nats.seed()?;
    retry("NATS", args.service.connect_timeout, async || {
        let options = messaging::ConnectOptions {
            url: args.nats.nats_url.clone(),
            seed: seed.clone(),
            name: NAME.into(),
            request_timeout: args.nats.nats_timeout,
            now: clock::now,
        };
        Messaging::connect(options).await.map_err(|error| match error {
            ConnectError::TooOld { .. } | ConnectError::Denied { .. } => Failure::Permanent(error),
            ConnectError::Unreachable { .. } => Failure::Transient(error),
        })
    })
    .await
}

async fn connect_postgres(args: &Args) -> anyhow::Result<Storage> {
    retry("Postgres", args.service.connect_timeout, async || {
        let options = storage::ConnectOptions {
            url: args.database.database_url.clone(),
            name: NAME.into(),
            max_connections: args.database.database_connections,
            timeout: args.database.database_timeout,
        };
        Storage::connect(options).await.map_err(|error| match error {
            StorageError::Unavailable(_) => Failure::Transient(error),
            _ => Failure::Permanent(error),
        })
    })
    .await
}

fn redis(args: &Args) -> anyhow::Result<cache::Redis> {
    Ok(cache::Redis::new(cache::ConnectOptions {
        url: args.redis.redis_url.clone(),
        max_connections: args.redis.redis_connections,
        timeout: args.redis.redis_timeout,
    })?)
}

/// Orders are decided without Redis, so it is reported only.
fn follow_health(
    lifecycle: &Lifecycle,
    health: &Health,
    messaging: &Messaging,
    storage: &Storage,
    redis: &cache::Redis,
) {
    let (messaging, storage, redis) = (messaging.clone(), storage.clone(), redis.clone());
    lifecycle.spawn_background(health.require("nats").follow(HEALTH_PERIOD, move || {
        let connected = messaging.is_connected();
        async move { connected.then_some(()).ok_or("NATS is out of reach") }
    }));
    lifecycle.spawn_background(health.require("postgres").follow(HEALTH_PERIOD, move || {
        let storage = storage.clone();
        async move { storage.ping().await }
    }));
    lifecycle.spawn_background(health.report_only("redis").follow(HEALTH_PERIOD, move || {
        let redis = redis.clone();
        async move { redis.ping().await }
    }));
}

/// What the workers are built from.
struct Parts {
    messaging: Messaging,
    storage: Storage,
    redis: cache::Redis,
    health: Health,
}

impl Parts {
    fn start_orders(&self, args: &Args, lifecycle: &Lifecycle) {
        let partitions = args.partitions();
        let worker = Worker {
            max_batch: MAX_BATCH,
            ..self.worker(
                "ORDERS",
                partitions.iter().map(|p| format!("{NAME}-{p}")).collect(),
            )
        };
        let handler = OrdersHandler {
            storage: self.storage.clone(),
            messaging: self.messaging.clone(),
            refresh: Refresh::new(self.redis.clone()),
            drill: FaultDrill::new(args.fault_marker.clone()),
        };
        self.start("orders", worker, handler, lifecycle);
    }

    fn start_catalog(&self, lifecycle: &Lifecycle) {
        let worker = self.worker("CATALOG", vec!["catalog".into()]);
        let handler = CatalogHandler {
            storage: self.storage.clone(),
            messaging: self.messaging.clone(),
        };
        self.start("catalog", worker, handler, lifecycle);
    }

    fn worker(&self, stream: &str, consumers: Vec<String>) -> Worker<RecordedAttempts> {
        Worker {
            messaging: self.messaging.clone(),
            stream: stream.into(),
            consumers,
            attempts: RecordedAttempts(self.storage.clone()),
            max_batch: 1,
            concurrency: 1,
            max_attempts: MAX_ATTEMPTS,
        }
    }

    fn start<H: Handler>(
        &self,
        name: &'static str,
        worker: Worker<RecordedAttempts>,
        handler: H,
        lifecycle: &Lifecycle,
    ) {
        let (check, stopping) = (self.health.require(name), lifecycle.stopping());
        check.up();
        lifecycle.spawn(name, async move {
            let healthy = move |problem| check.set(problem);
            worker
                .run(handler, stopping, healthy)
                .await
                .map_err(anyhow::Error::msg)
        });
    }
}
