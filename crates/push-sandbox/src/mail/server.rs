//! The mail server's port.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::credentials::SmtpCredentials;
use super::session::{End, Session};
use super::talk::Talk;
use crate::state::State;

/// A client must not hold a connection that says nothing.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What every conversation needs.
pub(crate) struct MailServer {
    pub(crate) state: Arc<State>,
    pub(crate) credentials: SmtpCredentials,
    pub(crate) tls: Arc<ServerConfig>,
}

/// Serves until `stop`; who is in the middle of something is cut off.
pub(crate) async fn serve(listener: TcpListener, server: Arc<MailServer>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let (server, stop) = (server.clone(), stop.clone());
                connections.spawn(async move {
                    let ended = tokio::select! {
                        ended = converse(stream, &server) => ended,
                        () = stop.cancelled() => return,
                    };
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection to the mail port broke");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection on the mail port");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

async fn converse(stream: TcpStream, server: &MailServer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut plain = Talk::new(stream);
    plain
        .say("220 localhost ESMTP, a sandbox and no real mail server")
        .await?;
    if Session::new(server, false).run(&mut plain).await? == End::Closed {
        return Ok(());
    }
    // What came before TLS and was not yet read could have been put there by somebody else.
    let Some(stream) = plain.into_stream() else {
        return Ok(());
    };
    let accepted = TlsAcceptor::from(server.tls.clone()).accept(stream);
    let stream = tokio::time::timeout(HANDSHAKE, accepted)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    Session::new(server, true)
        .run(&mut Talk::new(stream))
        .await
        .map(drop)
}
