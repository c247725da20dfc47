//! Wiring: builds the stores and clients and hands them to the parts.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use actix_web::error::QueryPayloadError;
use actix_web::http::{StatusCode, header};
use actix_web::{App, HttpServer, guard, middleware, web};
use anyhow::Context;
use cache::limits::Limits;
use chassis::http::client::TrustedProxies;
use chassis::http::{Connections, Listeners};
use chassis::servers::DoorServers;
use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin};
use identity::{Accounts, Cursors, GuestTokens, Issuers, Limits as SignInLimits, ServerKey, TokenKeys};
use ordering::{Ordering, Parts};
use secrecy::ExposeSecret;
use storage::Storage;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::body::MaxTime;
use crate::installations::PushKeys;
use crate::limits::Counter;
use crate::orders::Heartbeat;
use crate::problem::{self, Kind, Problem};
use crate::{
    accounts, caching, catalog, contract, cors, guest_sessions, heads, installations, limits, me, observe,
    orders, scheduled, sessions, wishes,
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
    let path = &args.access_tokens.token_keys_file;
    let keys =
        TokenKeys::open(path.clone()).with_context(|| format!("--token-keys-file {}", path.display()))?;
    lifecycle.spawn_background(keys.clone().follow());
    let issuers = args
        .access_tokens
        .issuers_file
        .as_deref()
        .map(issuers)
        .transpose()?;
    let limit = args.service.connect_timeout;
    let servers = args
        .servers
        .connect_door(NAME, limit, &lifecycle, &health)
        .await?;
    let accounts = open_accounts(&args, &key, keys, issuers.unwrap_or_default(), &servers)?;
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
        accounts,
        storage: servers.storage,
        cursors: Cursors::new(key.clone()),
        tokens: GuestTokens::new(key),
        counter: Counter::new(shared, args.customer_limit, args.address_limit),
        push_keys: PushKeys {
            webpush: args.webpush_public_key.clone(),
        },
        stopping: lifecycle.stopping(),
    };
    serve(&args, listeners.public, state, &lifecycle)?;
    tracing::info!(listen = %args.listen, "ready for apps");
    lifecycle.run(args.service.drain_timeout).await
}

/// The outside issuers that the file names.
fn issuers(path: &Path) -> anyhow::Result<Issuers> {
    let words = || format!("--issuers-file {}", path.display());
    let text = std::fs::read_to_string(path).with_context(words)?;
    Issuers::from_json(&text).with_context(words)
}

/// Who has accounts, and signs in with tokens of `keys`.
fn open_accounts(
    args: &Args,
    key: &ServerKey,
    keys: TokenKeys,
    issuers: Issuers,
    servers: &DoorServers,
) -> anyhow::Result<Accounts> {
    let mut limits = SignInLimits::USUAL;
    limits.sign_in_address.requests = args.passwords.sign_ins_per_address;
    limits.sign_up_address.requests = args.passwords.sign_ups_per_address;
    Ok(Accounts::start(identity::accounts::Parts {
        storage: servers.storage.clone(),
        redis: servers.redis.clone(),
        state_redis: servers.state_redis.clone(),
        key: key.clone(),
        keys,
        issuer: args.access_tokens.token_issuer.clone(),
        audience: args.access_tokens.token_audience.clone(),
        issuers,
        limits,
        hashes_at_once: args.passwords.at_once(),
        random: chassis::clock::random_bytes,
    })?)
}

/// What the handlers are given.
#[derive(Clone)]
struct State {
    ordering: Ordering,
    accounts: Accounts,
    storage: Storage,
    cursors: Cursors,
    tokens: GuestTokens,
    counter: Counter,
    push_keys: PushKeys,
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
            .app_data(web::Data::new(state.accounts))
            .app_data(web::Data::new(state.storage))
            .app_data(web::Data::new(state.cursors))
            .app_data(web::Data::new(state.tokens))
            .app_data(web::Data::new(state.counter))
            .app_data(web::Data::new(state.push_keys))
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
                    .add((header::CONTENT_SECURITY_POLICY, POLICY))
                    .add((header::CACHE_CONTROL, caching::UNLESS_SAID)),
            )
            .wrap(middleware::from_fn(caching::vary))
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
        .service(resource("/v1/sign-up", "POST").route(web::post().to(accounts::sign_up)))
        .service(resource("/v1/sign-in", "POST").route(web::post().to(accounts::sign_in)))
        .service(resource("/v1/sign-out", "POST").route(web::post().to(sessions::sign_out)))
        .service(resource("/v1/token", "POST").route(web::post().to(sessions::refresh)))
        .service(resource("/.well-known/jwks.json", "GET, HEAD").route(get().to(sessions::keys)))
        .service(
            resource("/v1/me", "DELETE, GET, HEAD, PATCH")
                .route(get().to(me::read))
                .route(web::delete().to(me::erase))
                .route(web::patch().to(me::change)),
        )
        .service(resource("/v1/me/password", "POST").route(web::post().to(me::change_password)))
        .service(resource("/v1/me/guests", "POST").route(web::post().to(me::add_guest)))
        .service(
            resource("/v1/me/preferences", "GET, HEAD, PUT")
                .route(get().to(me::preferences::read))
                .route(web::put().to(me::preferences::put)),
        )
        .service(
            resource("/v1/me/addresses", "GET, HEAD, POST")
                .route(get().to(me::addresses::list))
                .route(web::post().to(me::addresses::add)),
        )
        .service(
            resource("/v1/me/addresses/{id}", "GET, HEAD, PUT, DELETE")
                .route(get().to(me::addresses::read))
                .route(web::put().to(me::addresses::put))
                .route(web::delete().to(me::addresses::remove)),
        )
        .service(
            resource("/v1/me/sessions", "GET, HEAD, DELETE")
                .route(get().to(sessions::list))
                .route(web::delete().to(sessions::end_others)),
        )
        .service(resource("/v1/me/sessions/{id}", "DELETE").route(web::delete().to(sessions::end)))
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
        .service(resource("/v1/push/keys", "GET, HEAD").route(get().to(installations::keys)))
        .service(resource("/v1/installations", "GET, HEAD").route(get().to(installations::list)))
        .service(
            resource(
                "/v1/installations/{installation_id}",
                "GET, HEAD, PUT, PATCH, DELETE",
            )
            .route(get().to(installations::read))
            .route(web::put().to(installations::put))
            .route(web::patch().to(installations::change))
            .route(web::delete().to(installations::remove)),
        )
        .service(
            resource("/v1/wishes", "GET, HEAD, POST")
                .route(get().to(wishes::list))
                .route(web::post().to(wishes::create)),
        )
        .service(
            resource("/v1/wishes/{id}", "GET, HEAD, DELETE")
                .route(get().to(wishes::read))
                .route(web::delete().to(wishes::remove)),
        )
        .service(resource("/openapi.json", "GET, HEAD").route(get().to(contract::openapi)))
        .service(resource("/docs", "GET, HEAD").route(get().to(contract::docs)))
        .service(resource("/docs/{file:.*}", "GET, HEAD").route(get().to(contract::docs)))
        .service(resource("/problems/{name}", "GET, HEAD").route(get().to(problem::explain)))
        .default_service(web::to(problem::not_found));
}
