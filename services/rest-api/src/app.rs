//! Wiring: builds the stores and clients and hands them to the parts.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::error::QueryPayloadError;
use actix_web::http::{StatusCode, header};
use actix_web::{App, HttpServer, guard, middleware, web};
use anyhow::Context;
use cache::limits::Limits;
use chassis::http::client::TrustedProxies;
use chassis::http::{Connections, Listeners};
use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin};
use identity::{Cursors, GuestTokens, ServerKey};
use ordering::{Ordering, Parts};
use secrecy::ExposeSecret;
use storage::Storage;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::body::MaxTime;
use crate::limits::Counter;
use crate::orders::Heartbeat;
use crate::problem::{self, Kind, Problem};
use crate::{
    catalog, contract, cors, guest_sessions, heads, installations, limits, observe, orders, scheduled,
};

/// The service's name, as other parts see it.
pub const NAME: &str = "rest-api";

/// How long the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// Nothing that is answered is a page that loads anything.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// How long a connection may wait for its next request.
const KEPT_ALIVE: Duration = Duration::from_secs(5);

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
    let limit = args.service.connect_timeout;
    let servers = args
        .servers
        .connect_door(NAME, limit, &lifecycle, &health)
        .await?;
    let shared = Limits::new(servers.state_redis.clone());
    let ordering = Ordering::start(Parts {
        source: NAME.into(),
        messaging: servers.messaging,
        storage: servers.storage.clone(),
        redis: servers.redis,
        state_redis: servers.state_redis,
        max_in_flight: args.port.max_in_flight,
    });
    let state = State {
        ordering,
        storage: servers.storage,
        cursors: Cursors::new(key.clone()),
        tokens: GuestTokens::new(key),
        counter: Counter::new(shared, args.customer_limit, args.address_limit),
        stopping: lifecycle.stopping(),
    };
    serve(&args, listeners.public, state, &lifecycle)?;
    tracing::info!(listen = %args.listen, "ready for apps");
    lifecycle.run(args.service.drain_timeout).await
}

/// What the handlers are given.
#[derive(Clone)]
struct State {
    ordering: Ordering,
    storage: Storage,
    cursors: Cursors,
    tokens: GuestTokens,
    counter: Counter,
    stopping: CancellationToken,
}

fn serve(args: &Args, listener: TcpListener, state: State, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let (heartbeat, max_time) = (Heartbeat(args.events_heartbeat), MaxTime(args.body_timeout));
    let proxies = TrustedProxies::from(args.proxies.trusted_proxies.clone());
    let origins = args.cors_origins.clone();
    let workers = match args.port.http_workers {
        Some(workers) => workers,
        None => std::thread::available_parallelism()?.get(),
    };
    let connections = Connections::new(KEPT_ALIVE + HEAD_TIME + args.body_timeout, lifecycle.stopping());
    let server = HttpServer::new(move || {
        let state = state.clone();
        App::new()
            .app_data(web::Data::new(state.ordering))
            .app_data(web::Data::new(state.storage))
            .app_data(web::Data::new(state.cursors))
            .app_data(web::Data::new(state.tokens))
            .app_data(web::Data::new(state.counter))
            .app_data(web::Data::new(state.stopping))
            .app_data(web::Data::new(heartbeat))
            .app_data(max_time)
            .app_data(web::Data::new(proxies.clone()))
            .app_data(web::QueryConfig::default().error_handler(|error, _| query_problem(&error).into()))
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::new(Kind::NotFound).into()))
            .wrap(middleware::Compress::default())
            .wrap(
                middleware::ErrorHandlers::new().handler(StatusCode::NOT_ACCEPTABLE, problem::not_acceptable),
            )
            .wrap(middleware::from_fn(limits::limit))
            .wrap(middleware::from_fn(heads::bounded))
            .wrap(cors::cors(&origins))
            .wrap(
                middleware::DefaultHeaders::new()
                    .add(("x-content-type-options", "nosniff"))
                    .add((header::CONTENT_SECURITY_POLICY, POLICY)),
            )
            .wrap(middleware::from_fn(observe::observe))
            .wrap(middleware::from_fn(chassis::http::in_hand))
            .configure(routes)
    })
    .on_connect(connections.on_connect())
    .keep_alive(KEPT_ALIVE)
    .client_request_timeout(HEAD_TIME)
    .client_disconnect_timeout(Duration::from_secs(1))
    .shutdown_timeout(args.service.drain_timeout.as_secs())
    .disable_signals()
    .workers(workers)
    .max_connections(args.max_connections.div_ceil(workers));
    let server = server.listen(listener)?.run();
    chassis::http::spawn(lifecycle, server, &connections, args.port.linger);
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
        .service(resource("/v1/order-groups", "POST").route(web::post().to(orders::submit_group)))
        .service(
            resource("/v1/scheduled-orders", "GET, HEAD, POST")
                .route(get().to(scheduled::list))
                .route(web::post().to(scheduled::create)),
        )
        .service(
            resource("/v1/scheduled-orders/{id}", "GET, HEAD, PUT, DELETE")
                .route(get().to(scheduled::read))
                .route(web::put().to(scheduled::put))
                .route(web::delete().to(scheduled::remove)),
        )
        .service(resource("/v1/installations", "GET, HEAD").route(get().to(installations::list)))
        .service(
            resource("/v1/installations/{installation_id}", "GET, HEAD, PUT, DELETE")
                .route(get().to(installations::read))
                .route(web::put().to(installations::put))
                .route(web::delete().to(installations::remove)),
        )
        .service(resource("/openapi.json", "GET, HEAD").route(get().to(contract::openapi)))
        .service(resource("/docs", "GET, HEAD").route(get().to(contract::docs)))
        .service(resource("/docs/{file:.*}", "GET, HEAD").route(get().to(contract::docs)))
        .service(resource("/problems/{name}", "GET, HEAD").route(get().to(problem::explain)))
        .default_service(web::to(problem::not_found));
}
