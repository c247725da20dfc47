//! Wiring: builds the stores and clients and hands them to the parts.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::error::QueryPayloadError;
use actix_web::http::StatusCode;
use actix_web::{App, HttpServer, guard, middleware, web};
use anyhow::Context;
use chassis::args::RedisArgs;
use chassis::connect::{Failure, retry};
use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin};
use identity::{GuestTokens, ServerKey};
use messaging::{ConnectError, Messaging};
use ordering::{Ordering, Parts};
use secrecy::{ExposeSecret, SecretString};
use storage::{Storage, StorageError};
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::body::MaxTime;
use crate::orders::Heartbeat;
use crate::problem::{self, Kind, Problem};
use crate::{catalog, guest_sessions, installations, observe, orders};

/// The service's name, as other parts see it.
pub const NAME: &str = "rest-api";

/// How often readiness is asked for.
const HEALTH_PERIOD: Duration = Duration::from_secs(1);
/// How long the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection may wait for its next request.
const KEPT_ALIVE: Duration = Duration::from_secs(5);

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

/// Runs the service until `stop` or a signal, then finishes what is in hand.
///
/// # Errors
/// Where a server can't be reached in time, or a part fails.
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
    let (messaging, storage) = (connect_nats(&args).await?, connect_postgres(&args).await?);
    let redis = redis(&args.redis, &args.redis.redis_url)?;
    let state_redis = self::redis(&args.redis, args.redis.state_url())?;
    follow_health(&lifecycle, &health, &messaging, &storage, &redis);
    let ordering = Ordering::start(Parts {
        source: NAME.into(),
        messaging,
        storage: storage.clone(),
        redis,
        state_redis,
    });
    let state = State {
        ordering,
        storage,
        tokens: GuestTokens::new(key),
        stopping: lifecycle.stopping(),
    };
    serve(&args, listeners.public, state, &lifecycle)?;
    tracing::info!(listen = %args.listen, "ready for apps");
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

/// What the handlers are given.
#[derive(Clone)]
struct State {
    ordering: Ordering,
    storage: Storage,
    tokens: GuestTokens,
    stopping: CancellationToken,
}

fn serve(args: &Args, listener: TcpListener, state: State, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let (heartbeat, max_time) = (Heartbeat(args.events_heartbeat), MaxTime(args.body_timeout));
    let mut server = HttpServer::new(move || {
        let state = state.clone();
        App::new()
            .app_data(web::Data::new(state.ordering))
            .app_data(web::Data::new(state.storage))
            .app_data(web::Data::new(state.tokens))
            .app_data(web::Data::new(state.stopping))
            .app_data(web::Data::new(heartbeat))
            .app_data(max_time)
            .app_data(web::QueryConfig::default().error_handler(|error, _| query_problem(&error).into()))
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::new(Kind::NotFound).into()))
            .wrap(middleware::Compress::default())
            .wrap(
                middleware::ErrorHandlers::new().handler(StatusCode::NOT_ACCEPTABLE, problem::not_acceptable),
            )
            .wrap(middleware::DefaultHeaders::new().add(("x-content-type-options", "nosniff")))
            .wrap(middleware::from_fn(observe::observe))
            .wrap(middleware::from_fn(chassis::http::in_hand))
            .configure(routes)
    })
    .on_connect(chassis::http::cut_off_after(
        KEPT_ALIVE + HEAD_TIME + args.body_timeout,
    ))
    .keep_alive(KEPT_ALIVE)
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

/// What is asked after the `?` is not read into numbers and such here, so what can be wrong is a name.
fn query_problem(error: &QueryPayloadError) -> Problem {
    let detail = match error {
        QueryPayloadError::Deserialize(cause) => cause.to_string(),
        other => other.to_string(),
    };
    Problem::invalid_field("", detail)
}

fn routes(config: &mut web::ServiceConfig) {
    let get = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    let resource = |path: &str, allowed: &'static str| {
        web::resource(path).default_service(problem::method_not_allowed(allowed))
    };
    config
        .service(resource("/v1/guest-sessions", "POST").route(web::post().to(guest_sessions::create)))
        .service(resource("/v1/products", "GET, HEAD").route(get().to(catalog::list)))
        .service(resource("/v1/products/{sku}", "GET, HEAD").route(get().to(catalog::read)))
        .service(
            resource("/v1/orders", "GET, HEAD, POST")
                .route(get().to(orders::list))
                .route(web::post().to(orders::submit)),
        )
        .service(resource("/v1/orders/{id}", "GET, HEAD").route(get().to(orders::read)))
        .service(resource("/v1/orders/{id}/events", "GET").route(web::get().to(orders::events)))
        .service(resource("/v1/orders/{id}/cancellation", "POST").route(web::post().to(orders::cancel)))
        .service(
            resource("/v1/installations/{installation_id}", "PUT").route(web::put().to(installations::put)),
        )
        .service(resource("/problems/{name}", "GET, HEAD").route(get().to(problem::explain)))
        .default_service(web::to(problem::not_found));
}
