//! Running an HTTP server as a part of a service's life.

use actix_web::dev::Server;

use crate::lifecycle::Lifecycle;

/// Runs `server` (made with `disable_signals`) until the service stops, then finishes the requests in hand.
pub fn spawn(lifecycle: &Lifecycle, name: &'static str, server: Server) {
    let stopping = lifecycle.stopping();
    lifecycle.spawn(name, async move {
        let handle = server.handle();
        tokio::spawn(async move {
            stopping.cancelled().await;
            handle.stop(true).await;
        });
        Ok(server.await?)
    });
}
