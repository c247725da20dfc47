//! Wiring: builds the stores and the gateways, and hands them to the announcer and the senders.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use chassis::connect::retry;
use chassis::servers::storage_failure;
use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin, clock};
use jiff::tz::TimeZone;
use messaging::{Handler, Messaging, Worker, topology};
use storage::{Platform, Storage};
use tokio_util::sync::CancellationToken;

use crate::announce::Announcer;
use crate::args::HubArgs;
use crate::attempts::StoredAttempts;
use crate::campaigns::Campaigns;
use crate::deliver::{Sender, Shared};
use crate::feedback::Feedback;
use crate::gateway::Gateway;
use crate::notification::SERVICE;
use crate::pacing::Pacing;
use crate::platforms::Platforms;
use crate::queue::Queue;
use crate::texts::Texts;
use crate::wishes::Matcher;

const ROTATE_EVERY: Duration = Duration::from_hours(6);
const ROTATE_AGAIN: Duration = Duration::from_secs(60);
/// The most events that are announced in one transaction.
const EVENTS_AT_ONCE: usize = 128;
/// Campaigns that are queued at once.
const CAMPAIGNS_AT_ONCE: usize = 4;
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
    let pacing = Pacing::open(&args.pace)?;
    let health = Health::default();
    let life = Lifecycle::new(health.clone(), stop);
    admin::spawn(&life, admin, health.clone(), telemetry)?;
    let limit = args.service.connect_timeout;
    let storage = args.database.connect(SERVICE, limit).await?;
    let messaging = args.nats.connect(SERVICE, limit).await?;
    // The first push needs today's part of the ledger.
    let ledger = storage.clone();
    let prepare = move || {
        let ledger = ledger.clone();
        async move { ledger.rotate_deliveries(today()).await.map_err(storage_failure) }
    };
    retry("Postgres", limit, prepare).await?;
    life.spawn_background(health.require("postgres").follow_postgres(storage.clone()));
    life.spawn_background(health.require("nats").follow_nats(messaging.clone()));
    life.spawn_background(rotate(storage.clone()));
    Hub {
        args: &args,
        pacing,
        life: &life,
        health,
        texts: Arc::new(Texts::new(storage.clone())),
        attempts: StoredAttempts::new(&storage),
        storage,
        messaging,
    }
    .spawn(platforms);
    tracing::info!("ready to announce");
    life.run(args.service.drain_timeout).await
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
    pacing: Pacing<'a>,
    life: &'a Lifecycle,
    health: Health,
    texts: Arc<Texts>,
    attempts: StoredAttempts,
    storage: Storage,
    messaging: Messaging,
}

impl Hub<'_> {
    fn spawn(&self, platforms: Platforms) {
        let mut on = Vec::new();
        self.sender(Platform::Apns, "apns", platforms.apns, &mut on);
        self.sender(Platform::Fcm, "fcm", platforms.fcm, &mut on);
        self.sender(Platform::Wns, "wns", platforms.wns, &mut on);
        self.sender(Platform::Email, "email", platforms.email, &mut on);
        self.sender(Platform::WebPush, "webpush", platforms.webpush, &mut on);
        let queue = self.queue();
        let campaigns = Campaigns {
            storage: self.storage.clone(),
            messaging: self.messaging.clone(),
            queue: queue.clone(),
            platforms: on.clone(),
        };
        self.worker(
            "campaigns",
            topology::NOTIFICATIONS,
            topology::CAMPAIGNS_CONSUMER.to_owned(),
            (1, CAMPAIGNS_AT_ONCE),
            campaigns,
        );
        let matcher = Matcher {
            storage: self.storage.clone(),
            queue: queue.clone(),
            platforms: on.clone(),
        };
        self.worker(
            "wishes",
            topology::EVENTS,
            topology::WISHES_CONSUMER.to_owned(),
            (EVENTS_AT_ONCE, 1),
            matcher,
        );
        let announcer = Announcer {
            storage: self.storage.clone(),
            queue,
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

    fn queue(&self) -> Queue {
        Queue {
            storage: self.storage.clone(),
            messaging: self.messaging.clone(),
        }
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
        let at_once = self.args.push.push_concurrency;
        let shared = Shared {
            queue: self.queue(),
            texts: self.texts.clone(),
            feedback: Feedback {
                messaging: self.messaging.clone(),
                told: self.args.push.push_feedback,
            },
            at_once,
        };
        let sender = Sender::new(
            platform,
            gateway,
            shared,
            self.health.report_only(name),
            self.pacing.of(platform),
        );
        // Two workers: what goes to many is never before what one waits for.
        let sender = Arc::new(sender);
        let (first, bulk) = worker_names(platform);
        // Each push by itself, so that a slow device holds up no other; what they ask of the database is gathered by the sender.
        // Of messages that bring many enough are in hand that some of them may wait for a slow device.
        for (worker, consumer, messages) in [
            (first, topology::sender_consumer(name), at_once),
            (bulk, topology::bulk_consumer(name), at_once.div_ceil(4)),
        ] {
            self.worker(
                worker,
                topology::NOTIFICATIONS,
                consumer,
                (1, messages),
                sender.clone(),
            );
        }
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
            attempts: self.attempts.clone(),
            max_batch,
            concurrency,
            isolates: false,
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

fn worker_names(platform: Platform) -> (&'static str, &'static str) {
    match platform {
        Platform::Apns => ("sender-apns", "bulk-apns"),
        Platform::Fcm => ("sender-fcm", "bulk-fcm"),
        Platform::Wns => ("sender-wns", "bulk-wns"),
        Platform::WebPush => ("sender-webpush", "bulk-webpush"),
        Platform::Email => ("sender-email", "bulk-email"),
    }
}
