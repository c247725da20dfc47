//! Wiring: builds the stores and the gateways, and hands them to the announcer and the senders.

use std::net::TcpListener;
use std::time::Duration;

use chassis::connect::{self, Failure};
use chassis::telemetry::Telemetry;
use chassis::{Check, Health, Lifecycle, admin, clock};
use jiff::tz::TimeZone;
use messaging::{ConnectError, Handler, Messaging, Worker, topology};
use storage::{Platform, Storage, StorageError};
use tokio_util::sync::CancellationToken;

use crate::announce::Announcer;
use crate::args::HubArgs;
use crate::attempts::StoredAttempts;
use crate::deliver::Sender;
use crate::gateway::Gateway;
use crate::notification::SERVICE;
use crate::platforms::Platforms;

const PROBE_EVERY: Duration = Duration::from_secs(1);
const ROTATE_EVERY: Duration = Duration::from_hours(6);
const ROTATE_AGAIN: Duration = Duration::from_secs(60);
/// The most events that are announced in one transaction.
const EVENTS_AT_ONCE: usize = 128;
/// Pushes that are taken from the queue and acknowledged together. Few, so that a slow device holds up few others.
const PUSHES_AT_ONCE: usize = 8;
const MAX_ATTEMPTS: u32 = 5;

/// Runs the hub until `stop` or a signal, then finishes what is in hand. `admin` is the port of health and metrics.
///
/// # Errors
/// Where a server can't be reached in time, a credential can't be read, or a part fails.
pub async fn run(
    args: HubArgs,
    admin: TcpListener,
    telemetry: Telemetry,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let platforms = Platforms::open(&args).await?;
    let health = Health::default();
    let life = Lifecycle::new(health.clone(), stop);
    admin::spawn(&life, admin, health.clone(), telemetry)?;
    let (postgres, nats) = (health.require("postgres"), health.require("nats"));
    let (storage, messaging) = (open_storage(&args).await?, open_messaging(&args).await?);
    follow(&life, postgres, storage.clone(), nats, messaging.clone());
    life.spawn_background(rotate(storage.clone()));
    Hub {
        args: &args,
        life: &life,
        health,
        storage,
        messaging,
    }
    .spawn(platforms);
    tracing::info!("ready to announce");
    life.run(args.service.drain_timeout).await
}

fn follow(life: &Lifecycle, postgres: Check, storage: Storage, nats: Check, messaging: Messaging) {
    life.spawn_background(postgres.follow(PROBE_EVERY, move || {
        let storage = storage.clone();
        async move { storage.ping().await }
    }));
    life.spawn_background(nats.follow(PROBE_EVERY, move || {
        let connected = messaging.is_connected();
        async move { connected.then_some(()).ok_or("NATS is out of reach") }
    }));
}

async fn open_storage(args: &HubArgs) -> anyhow::Result<Storage> {
    let options = storage::ConnectOptions {
        url: args.database.database_url.clone(),
        name: SERVICE.to_owned(),
        max_connections: args.database.database_connections,
        timeout: args.database.database_timeout,
    };
    let limit = args.service.connect_timeout;
    connect::retry("Postgres", limit, move || {
        let options = options.clone();
        async move { prepared(options).await.map_err(storage_failure) }
    })
    .await
}

/// Connected, and with a partition for today.
async fn prepared(options: storage::ConnectOptions) -> Result<Storage, StorageError> {
    let storage = Storage::connect(options).await?;
    storage.rotate_deliveries(today()).await?;
    Ok(storage)
}

fn storage_failure(error: StorageError) -> Failure<StorageError> {
    match error {
        StorageError::Unavailable(_) => Failure::Transient(error),
        _ => Failure::Permanent(error),
    }
}

async fn open_messaging(args: &HubArgs) -> anyhow::Result<Messaging> {
    let options = messaging::ConnectOptions {
        url: args.nats.nats_url.clone(),
        seed: args.nats.seed()?,
        name: SERVICE.to_owned(),
        request_timeout: args.nats.nats_timeout,
        now: clock::now,
    };
    let limit = args.service.connect_timeout;
    connect::retry("NATS", limit, move || {
        let options = options.clone();
        async move { Messaging::connect(options).await.map_err(messaging_failure) }
    })
    .await
}

fn messaging_failure(error: ConnectError) -> Failure<ConnectError> {
    match error {
        ConnectError::TooOld { .. } | ConnectError::Denied { .. } => Failure::Permanent(error),
        ConnectError::Unreachable { .. } => Failure::Transient(error),
    }
}

/// The ledger has one partition a day: makes those to come, drops the old.
async fn rotate(storage: Storage) {
    loop {
        let pause = match storage.rotate_deliveries(today()).await {
            Ok(()) => ROTATE_EVERY,
            Err(error) => {
                tracing::warn!(%error, "the ledger's days can't be rotated yet");
                ROTATE_AGAIN
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn today() -> jiff::civil::Date {
    TimeZone::UTC.to_datetime(clock::now()).date()
}

/// What every worker is made from.
struct Hub<'a> {
    args: &'a HubArgs,
    life: &'a Lifecycle,
    health: Health,
    storage: Storage,
    messaging: Messaging,
}

impl Hub<'_> {
    fn spawn(&self, platforms: Platforms) {
        let mut on = Vec::new();
        self.sender(Platform::Apns, "apns", platforms.apns, &mut on);
        self.sender(Platform::Fcm, "fcm", platforms.fcm, &mut on);
        self.sender(Platform::Wns, "wns", platforms.wns, &mut on);
        let announcer = Announcer {
            storage: self.storage.clone(),
            messaging: self.messaging.clone(),
            platforms: on,
        };
        self.worker(
            "events",
            topology::EVENTS,
            topology::HUB_CONSUMER.to_owned(),
            (EVENTS_AT_ONCE, 1),
            announcer,
        );
    }

    fn sender<G: Gateway>(
        &self,
        platform: Platform,
        name: &'static str,
        gateway: Option<G>,
        on: &mut Vec<Platform>,
    ) {
        let Some(gateway) = gateway else { return };
        on.push(platform);
        let sender = Sender::new(
            platform,
            gateway,
            self.storage.clone(),
            self.health.report_only(name),
        );
        let shape = (
            PUSHES_AT_ONCE,
            self.args.push.push_concurrency.div_ceil(PUSHES_AT_ONCE),
        );
        self.worker(
            worker_name(platform),
            topology::NOTIFICATIONS,
            topology::sender_consumer(name),
            shape,
            sender,
        );
    }

    fn worker(
        &self,
        name: &'static str,
        stream: &str,
        consumer: String,
        (max_batch, concurrency): (usize, usize),
        handler: impl Handler,
    ) {
        let worker = Worker {
            messaging: self.messaging.clone(),
            stream: stream.to_owned(),
            consumers: vec![consumer],
            attempts: StoredAttempts(self.storage.clone()),
            max_batch,
            concurrency,
            max_attempts: MAX_ATTEMPTS,
        };
        let (stopping, check) = (self.life.stopping(), self.health.require(name));
        check.up();
        self.life.spawn(name, async move {
            worker
                .run(handler, stopping, move |problem| check.set(problem))
                .await
                .map_err(anyhow::Error::msg)
        });
    }
}

fn worker_name(platform: Platform) -> &'static str {
    match platform {
        Platform::Apns => "sender-apns",
        Platform::Fcm => "sender-fcm",
        Platform::Wns => "sender-wns",
    }
}
