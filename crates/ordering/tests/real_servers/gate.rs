//! A way to Postgres that can be closed: its server is shared with other tests.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards connections while it is open.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    open: watch::Sender<bool>,
}

impl Gate {
    /// An open gate to `target` (`host:port`).
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, state) = watch::channel(true);
        tokio::spawn(accept(listener, target.to_owned(), state));
        Self { address, open }
    }

    /// Drops every connection and takes no other.
    pub(crate) fn close(&self) {
        self.open.send_replace(false);
    }

    /// Takes connections again.
    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }
}

async fn accept(listener: TcpListener, target: String, state: watch::Receiver<bool>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let (target, mut state) = (target.clone(), state.clone());
        if *state.borrow() {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(target).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    _ = state.wait_for(|open| !*open) => {}
                }
            });
        }
    }
}
