//! The admin port: liveness, readiness, metrics. Never the public one.

use std::net::{SocketAddr, TcpListener};

use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context;

use crate::health::Health;
use crate::lifecycle::Lifecycle;
use crate::telemetry::Telemetry;

/// Binds `address`, or says in one line that it is taken and what to do.
///
/// # Errors
/// Where it can't be bound.
pub fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("can't listen on {address}; choose another address with {flag}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves the admin port for as long as the service lives, while it drains too.
///
/// # Errors
/// Where the server can't start.
pub fn spawn(
    lifecycle: &Lifecycle,
    listener: TcpListener,
    health: Health,
    telemetry: Telemetry,
) -> anyhow::Result<()> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(health.clone()))
            .app_data(web::Data::new(telemetry.clone()))
            .route("/livez", web::get().to(async || "alive\n"))
            .route("/readyz", web::get().to(ready))
            .route("/metrics", web::get().to(metrics))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?
    .run();
    lifecycle.spawn_background(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the admin port failed");
        }
    });
    Ok(())
}

async fn ready(health: web::Data<Health>) -> HttpResponse {
    let report = health.report();
    let mut response = if report.ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    response.json(report)
}

async fn metrics(telemetry: web::Data<Telemetry>) -> HttpResponse {
    telemetry.metrics.run_upkeep();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(telemetry.metrics.render())
}
