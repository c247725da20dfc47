//! Wiring: builds the stores and clients and hands them to the pages.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpServer, guard, middleware, web};
use anyhow::Context;
use chassis::args::RedisArgs;
use chassis::connect::{Failure, retry};
use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin};
use identity::{FormTokens, GuestTokens, OrderSecrets, ServerKey};
use messaging::{ConnectError, Messaging};
use ordering::{Ordering, Parts};
use secrecy::{ExposeSecret, SecretString};
use storage::{Storage, StorageError};
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::pages::{catalog, checkout, errors, my_orders, order};
use crate::security::{self, Site};
use crate::{assets, live, observe};

/// The service's name, as other parts see it.
pub const NAME: &str = "web-frontend";

/// How often readiness is asked for.
const HEALTH_PERIOD: Duration = Duration::from_secs(1);
/// How long the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection may go without a whole request; in it a picture has to reach the slowest telephone, too.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// The ports, bound by the caller, so that a test knows them.
#[derive(Debug)]
pub struct Listeners {
    /// The public port.
    pub public: TcpListener,
    /// Health and metrics.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds what `args` name.
    ///
    /// # Errors
    /// Where a port is taken.
    pub fn bind(args: &Args) -> anyhow::Result<Self> {
        Ok(Self {
            public: admin::bind(args.listen, "--listen")?,
            admin: admin::bind(args.service.admin_listen, "--admin-listen")?,
        })
    }
}

/// What the pages are given.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) ordering: Ordering,
    pub(crate) guests: GuestTokens,
    pub(crate) secrets: OrderSecrets,
    pub(crate) forms: FormTokens,
    pub(crate) site: Site,
    pub(crate) stopping: CancellationToken,
}

/// Runs the service until `stop` or a signal, then finishes what is in hand.
///
/// # Errors
/// Where the key is no key, a server can't be reached in time, or a part fails.
pub async fn run(
    args: Args,
    listeners: Listeners,
    telemetry: Telemetry,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let health = Health::default();
    let lifecycle = Lifecycle::new(health.clone(), stop);
    admin::spawn(&lifecycle, listeners.admin, health.clone(), telemetry)?;
    let key: ServerKey = args
        .secret_key
        .read()?
        .expose_secret()
        .parse()
        .context("the secret key can't be used: it")?;
    let site = Site::new(args.dev, args.public_origin.as_deref())?;
    let (messaging, storage) = (connect_nats(&args).await?, connect_postgres(&args).await?);
    let redis = redis(&args.redis, &args.redis.redis_url)?;
    let state_redis = self::redis(&args.redis, args.redis.state_url())?;
    follow_health(&lifecycle, &health, &messaging, &storage, &redis);
    let shop = Shop {
        ordering: Ordering::start(Parts {
            source: NAME.into(),
            messaging,
            storage,
            redis,
            state_redis,
        }),
        guests: GuestTokens::new(key.clone()),
        secrets: OrderSecrets::new(key.clone()),
        forms: FormTokens::new(key),
        site,
        stopping: lifecycle.stopping(),
    };
    serve(&args, listeners.public, shop, &lifecycle)?;
    tracing::info!(listen = %args.listen, "open for shoppers");
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
            now: chassis::clock::now,
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

fn redis(args: &RedisArgs, url: &SecretString) -> anyhow::Result<cache::Redis> {
    Ok(cache::Redis::new(cache::ConnectOptions {
        url: url.clone(),
        max_connections: args.redis_connections,
        timeout: args.redis_timeout,
    })?)
}

/// Orders are accepted without Postgres and Redis, so only NATS decides whether the service is ready.
fn follow_health(
    lifecycle: &Lifecycle,
    health: &Health,
    messaging: &Messaging,
    storage: &Storage,
    redis: &cache::Redis,
) {
    let (messaging, storage, redis) = (messaging.clone(), storage.clone(), redis.clone());
    let nats = health.require("nats");
    lifecycle.spawn_background(nats.follow(HEALTH_PERIOD, move || {
        let connected = messaging.is_connected();
        async move { connected.then_some(()).ok_or("NATS is out of reach") }
    }));
    let postgres = health.report_only("postgres");
    lifecycle.spawn_background(postgres.follow(HEALTH_PERIOD, move || {
        let storage = storage.clone();
        async move { storage.ping().await }
    }));
    let cache = health.report_only("redis");
    lifecycle.spawn_background(cache.follow(HEALTH_PERIOD, move || {
        let redis = redis.clone();
        async move { redis.ping().await }
    }));
}

fn serve(args: &Args, listener: TcpListener, shop: Shop, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(shop.clone()))
            .configure(routes)
            .wrap(middleware::from_fn(security::headers))
            .wrap(middleware::from_fn(observe::observe))
            .wrap(middleware::from_fn(chassis::http::in_hand))
    })
    .on_connect(chassis::http::cut_off_after(IDLE_TIME))
    .client_request_timeout(HEAD_TIME)
    .client_disconnect_timeout(Duration::from_secs(1))
    .shutdown_timeout(args.service.drain_timeout.as_secs())
    .disable_signals();
    if let Some(workers) = args.http_workers {
        server = server.workers(workers);
    }
    chassis::http::spawn(lifecycle, "the public port", server.listen(listener)?.run());
    Ok(())
}

fn routes(config: &mut web::ServiceConfig) {
    let get = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    let resource = |path: &str, allowed: &'static str| {
        web::resource(path).default_service(web::to(move || errors::method_not_allowed(allowed)))
    };
    config
        .service(resource("/", "GET, HEAD").route(get().to(catalog::show)))
        .service(
            resource("/checkout", "GET, HEAD, POST")
                .route(get().to(checkout::open))
                .route(web::post().to(checkout::change)),
        )
        .service(
            resource("/orders", "GET, HEAD, POST")
                .route(get().to(my_orders::show))
                .route(web::post().to(checkout::place)),
        )
        .service(resource("/orders/{id}", "GET, HEAD").route(get().to(order::show)))
        .service(resource("/orders/{id}/events", "GET").route(web::get().to(live::events)))
        .service(resource("/orders/{id}/cancellation", "POST").route(web::post().to(order::cancel)))
        .service(
            resource("/assets/{path:.*}", "GET, HEAD")
                .wrap(middleware::Compress::default())
                .route(get().to(assets::serve)),
        )
        .default_service(web::to(errors::not_found));
}
