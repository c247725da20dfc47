//! The push port: TLS, HTTP/2 or HTTP/1.1 by what the client and the host speak.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::authority::Settings;
use crate::fault::BLACK_HOLE;
use crate::state::State;

/// A slow client must not hold a connection that has said nothing.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many requests APNs takes at once on a connection.
const STREAMS: u32 = 1_000;

/// What a request may do to the connection it came by.
#[derive(Clone, Default)]
pub(crate) struct Connection {
    /// Answer what is open, say GOAWAY, close.
    pub(crate) drain: CancellationToken,
    /// Close now.
    pub(crate) cut: CancellationToken,
    /// Stay open, but read and answer nothing any more.
    pub(crate) hole: CancellationToken,
    /// Whether it speaks HTTP/2.
    pub(crate) http2: bool,
    /// Pushes it has carried, as faults by share count them.
    pub(crate) requests: Arc<AtomicU64>,
}

/// How many connections there are and were.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    opened: AtomicU64,
    closed: AtomicU64,
}

impl Connections {
    /// Open now, and ever opened.
    pub(crate) fn count(&self) -> (u64, u64) {
        let closed = self.closed.load(Ordering::Relaxed);
        let opened = self.opened.load(Ordering::Relaxed);
        (opened.saturating_sub(closed), opened)
    }
}

/// Serves until `stop`, then lets open requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    settings: Settings,
    router: Router,
    state: Arc<State>,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, settings.clone(), router.clone(), stop.child_token());
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    state.connections.opened.fetch_add(1, Ordering::Relaxed);
                    connection.await;
                    state.connections.closed.fetch_add(1, Ordering::Relaxed);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection on the push port");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, settings: Settings, router: Router, stop: CancellationToken) {
    // A client that does not trust the local CA ends here; its own log says why.
    let handshake = tokio::time::timeout(HANDSHAKE, handshake(stream, &settings));
    let stream = tokio::select! {
        done = handshake => match done {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::debug!(%error, "TLS handshake failed on the push port"),
            Err(_) => return,
        },
        () = stop.cancelled() => return,
    };
    let handle = Connection {
        drain: stop,
        cut: CancellationToken::new(),
        hole: CancellationToken::new(),
        http2: stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        requests: Arc::default(),
    };
    let service = TowerToHyperService::new(router.layer(Extension(handle.clone())));
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS);
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = handle.cut.cancelled() => return,
        () = handle.hole.cancelled() => return fall_silent(&handle).await,
        () = handle.drain.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                ended = serving => ended,
                () = handle.cut.cancelled() => return,
                () = tokio::time::sleep(HANDSHAKE) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection to the push port broke");
    }
}

/// Holds a connection on which nothing is read or written any more. Its peer finds out by a ping without an answer.
async fn fall_silent(handle: &Connection) {
    tokio::select! {
        () = handle.cut.cancelled() => {}
        () = handle.drain.cancelled() => {}
        () = tokio::time::sleep(BLACK_HOLE) => {}
    }
}

async fn handshake(
    stream: TcpStream,
    settings: &Settings,
) -> std::io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    stream.set_nodelay(true)?;
    let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
    let wns = start
        .client_hello()
        .server_name()
        .is_some_and(|name| name.ends_with(".notify.windows.com"));
    let config = if wns {
        settings.http1.clone()
    } else {
        settings.any.clone()
    };
    start.into_stream(config).await
}
