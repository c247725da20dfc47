//! Running an HTTP server as a part of a service's life: connections on which nobody says anything are cut off, and all are closed in good order
//! at its end.

pub mod client;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, Server, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, header};
use actix_web::middleware::Next;
use actix_web::rt::net;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::admin;
use crate::lifecycle::Lifecycle;

/// The ports of a service with a public one, bound by the caller, so that a test knows them.
#[derive(Debug)]
pub struct Listeners {
    /// The public port.
    pub public: TcpListener,
    /// Health and metrics.
    pub admin: TcpListener,
}

impl Listeners {
    /// Binds what `--listen` and `--admin-listen` name.
    ///
    /// # Errors
    /// Where a port is taken.
    pub fn bind(listen: SocketAddr, admin_listen: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            public: admin::bind(listen, "--listen")?,
            admin: admin::bind(admin_listen, "--admin-listen")?,
        })
    }
}

/// Runs `server` (made with `disable_signals`) until the service stops. Then those who have a connection are told to close it, for at most
/// `linger`; after that no connection is taken, and the requests in hand are finished.
pub fn spawn(lifecycle: &Lifecycle, server: Server, connections: &Connections, linger: Duration) {
    let (stopping, mut open) = (lifecycle.stopping(), connections.open.subscribe());
    lifecycle.spawn("the public port", async move {
        let handle = server.handle();
        tokio::spawn(async move {
            stopping.cancelled().await;
            let closed = timeout(linger, open.wait_for(|open| *open == 0)).await.is_ok();
            tracing::info!(closed, "no more connections are taken");
            handle.stop(true).await;
        });
        Ok(server.await?)
    });
}

/// The open connections of a public port: watched, so that nobody keeps one and says nothing, and closed in good order at the end.
///
/// The server's own time-outs end with the first request's head: a later head, or the rest of a chunked body that nobody waits for any
/// more, could take for ever.
#[derive(Debug, Clone)]
pub struct Connections {
    limit: Duration,
    stopping: CancellationToken,
    open: watch::Sender<usize>,
}

impl Connections {
    /// Shuts a connection when nothing was in hand on it for `limit`, which has to be longer than the server's keep-alive and the time for
    /// the first request's head together. From `stopping` on, every answer ends its connection.
    pub fn new(limit: Duration, stopping: CancellationToken) -> Self {
        Self {
            limit,
            stopping,
            open: watch::Sender::new(0),
        }
    }

    /// For `HttpServer::on_connect`. Needs [`in_hand`] as the outermost middleware.
    pub fn on_connect(&self) -> impl Fn(&dyn Any, &mut Extensions) + Clone + Send + Sync + 'static {
        let connections = self.clone();
        move |io, data| {
            let stream = io.downcast_ref::<net::TcpStream>();
            let handle = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
            let (open, stopping) = (connections.open.clone(), connections.stopping.clone());
            open.send_modify(|open| *open += 1);
            data.insert(Rc::new_cyclic(|connection| Connection {
                handle: RefCell::new(handle.map(TcpStream::from)),
                in_hand: Cell::new(0),
                idle_since: Cell::new(Instant::now()),
                watch: actix_web::rt::spawn(watch(connection.clone(), connections.limit)),
                stopping,
                open,
            }));
        }
    }
}

/// A client's connection.
struct Connection {
    /// A second handle, by which it is shut. None where too many files are open, and once it is left alone.
    handle: RefCell<Option<TcpStream>>,
    in_hand: Cell<usize>,
    idle_since: Cell<Instant>,
    watch: JoinHandle<()>,
    stopping: CancellationToken,
    open: watch::Sender<usize>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.watch.abort();
        self.open.send_modify(|open| *open -= 1);
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

/// The middleware of [`Connections`]. A connection that a stream of events goes over is left alone from then on.
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
    let mut response = next.call(request).await?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if let Some(in_hand) = &in_hand
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
    {
        in_hand.0.handle.take();
    }
    if in_hand.is_some_and(|in_hand| in_hand.0.stopping.is_cancelled()) {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
