//! Wiring: connects to the servers and starts one worker for orders and one for the catalog.

use std::net::TcpListener;

use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin};
use messaging::{DeadLetters, Handler, Messaging, Worker};
use storage::Storage;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::attempts::RecordedAttempts;
use crate::batch::OrdersHandler;
use crate::caching::Refresh;
use crate::catalog::CatalogHandler;
use crate::erasing::Erasing;
use crate::faults::FaultDrill;

/// The service's name, as other parts see it.
pub const NAME: &str = "order-processor";

/// The most commands in one transaction: beyond about a hundred rows a statement gains nothing.
const MAX_BATCH: usize = 128;

/// Batches in hand at once: while one is told, the next is decided. Commands of one order are never in both, and transactions on the same
/// partition wait for each other.
const BATCHES: usize = 2;

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
    let (servers, limit) = (&args.servers, args.service.connect_timeout);
    let messaging = servers.nats.connect(NAME, limit).await?;
    let storage = servers.database.connect(NAME, limit).await?;
    let redis = servers.redis.caches()?;
    lifecycle.spawn_background(health.require("nats").follow_nats(messaging.clone()));
    lifecycle.spawn_background(health.require("postgres").follow_postgres(storage.clone()));
    // Orders are decided without Redis.
    lifecycle.spawn_background(health.report_only("redis").follow_redis(redis.clone()));
    lifecycle.spawn_background(DeadLetters::new(messaging.clone()).report());
    let parts = Parts {
        messaging,
        storage,
        redis,
        health,
    };
    parts.start_orders(&args, &lifecycle);
    let erasing = Erasing::new(parts.storage.clone(), parts.messaging.clone());
    lifecycle.spawn_background(erasing.run());
    parts.start_catalog(&lifecycle);
    tracing::info!("ready for commands");
    lifecycle.run(args.service.drain_timeout).await
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
            concurrency: BATCHES,
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
            isolates: true,
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
