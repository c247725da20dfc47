//! Running an HTTP server as a part of a service's life, and cutting off those who keep a connection and say nothing.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, Server, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::rt::net;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

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

/// A client's connection. The server's own time-outs end with the first request's head: a later head, or the rest of a chunked body
/// that nobody waits for any more, could take for ever.
struct Connection {
    /// A second handle, by which it is shut. None once it is left alone.
    handle: RefCell<Option<TcpStream>>,
    in_hand: Cell<usize>,
    idle_since: Cell<Instant>,
    watch: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// For `HttpServer::on_connect`: shuts a connection when nothing was in hand on it for `limit`, which has to be longer than the server's
/// keep-alive and the time for the first request's head together. Needs [`in_hand`] as the outermost middleware.
pub fn cut_off_after(limit: Duration) -> impl Fn(&dyn Any, &mut Extensions) + Clone + Send + Sync + 'static {
    move |io, data| {
        let stream = io.downcast_ref::<net::TcpStream>();
        // Without a second handle (too many files are open) it is served all the same.
        let Some(Ok(handle)) = stream.map(|stream| stream.as_fd().try_clone_to_owned()) else {
            return;
        };
        data.insert(Rc::new_cyclic(|connection| Connection {
            handle: RefCell::new(Some(handle.into())),
            in_hand: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            watch: actix_web::rt::spawn(watch(connection.clone(), limit)),
        }));
    }
}

async fn watch(connection: Weak<Connection>, limit: Duration) {
    let mut wake = Instant::now() + limit;
    loop {
        sleep_until(wake).await;
        let Some(connection) = connection.upgrade() else {
            return;
        };
        let Some(handle) = &*connection.handle.borrow() else {
            return;
        };
        let now = Instant::now();
        wake = if connection.in_hand.get() > 0 {
            now + limit
        } else {
            connection.idle_since.get() + limit
        };
        if wake <= now {
            metrics::counter!("http_connections_cut_off_total").increment(1);
            // It may just have ended by itself.
            let _ = handle.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// A request that is being answered.
struct InHand(Rc<Connection>);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.in_hand.update(|count| count - 1);
        self.0.idle_since.set(Instant::now());
    }
}

/// The middleware of [`cut_off_after`]. A connection that a stream of events goes over is left alone from then on.
///
/// # Errors
/// Those of the handler.
pub async fn in_hand(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let connection = request.request().conn_data::<Rc<Connection>>().cloned();
    let in_hand = connection.map(|connection| {
        connection.in_hand.update(|count| count + 1);
        InHand(connection)
    });
    let response = next.call(request).await?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if let Some(in_hand) = in_hand
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
    {
        in_hand.0.handle.take();
    }
    Ok(response)
}
