//! Wiring: builds the stores and clients and hands them to the pages.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::{App, HttpServer, guard, middleware, web};
use anyhow::Context;
use chassis::http::{Connections, Listeners};
use chassis::telemetry::Telemetry;
use chassis::{Health, Lifecycle, admin};
use identity::{FormTokens, GuestTokens, NewsStops, OrderSecrets, ServerKey};
use ordering::{Ordering, Parts};
use secrecy::ExposeSecret;
use storage::Storage;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::pages::{catalog, checkout, errors, my_orders, news, order};
use crate::security::{self, Site};
use crate::{assets, live, observe};

/// The service's name, as other parts see it.
pub const NAME: &str = "web-frontend";

/// How long the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection may go without a whole request; in it a picture has to reach the slowest telephone, too.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// What the pages are given.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) ordering: Ordering,
    pub(crate) guests: GuestTokens,
    pub(crate) secrets: OrderSecrets,
    pub(crate) news_stops: NewsStops,
    /// For what a customer says about himself.
    pub(crate) storage: Storage,
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
    let limit = args.service.connect_timeout;
    let servers = args
        .servers
        .connect_door(NAME, limit, &lifecycle, &health)
        .await?;
    let shop = Shop {
        ordering: Ordering::start(Parts {
            source: NAME.into(),
            messaging: servers.messaging,
            storage: servers.storage.clone(),
            redis: servers.redis,
            state_redis: servers.state_redis,
            max_in_flight: args.port.max_in_flight,
        }),
        guests: GuestTokens::new(key.clone()),
        secrets: OrderSecrets::new(key.clone()),
        news_stops: NewsStops::new(key.clone()),
        storage: servers.storage,
        forms: FormTokens::new(key),
        site,
        stopping: lifecycle.stopping(),
    };
    serve(&args, listeners.public, shop, &lifecycle)?;
    tracing::info!(listen = %args.listen, "open for shoppers");
    lifecycle.run(args.service.drain_timeout).await
}

fn serve(args: &Args, listener: TcpListener, shop: Shop, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let connections = Connections::new(IDLE_TIME, lifecycle.stopping());
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(shop.clone()))
            .configure(routes)
            .wrap(middleware::from_fn(security::headers))
            .wrap(middleware::from_fn(observe::observe))
            .wrap(middleware::from_fn(chassis::http::in_hand))
    })
    .on_connect(connections.on_connect())
    .client_request_timeout(HEAD_TIME)
    .client_disconnect_timeout(Duration::from_secs(1))
    .shutdown_timeout(args.service.drain_timeout.as_secs())
    .disable_signals();
    if let Some(workers) = args.port.http_workers {
        server = server.workers(workers);
    }
    let server = server.listen(listener)?.run();
    chassis::http::spawn(lifecycle, server, &connections, args.port.linger);
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
            resource("/news/stop", "GET, HEAD, POST")
                .route(get().to(news::ask))
                .route(web::post().to(news::stop)),
        )
        .service(
            resource("/assets/{path:.*}", "GET, HEAD")
                .wrap(middleware::Compress::default())
                .route(get().to(assets::serve)),
        )
        .default_service(web::to(errors::not_found));
}
