//! A door between the API and a server, to be shut and opened again.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    server: String,
    passing: Option<JoinHandle<()>>,
}

impl Gate {
    /// Lets connections through to `server`.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passing = Some(tokio::spawn(pass(listener, server.to_owned())));
        Self {
            address,
            server: server.to_owned(),
            passing,
        }
    }

    /// Cuts every connection and lets no new one in.
    pub(crate) async fn shut(&mut self) {
        let passing = self.passing.take().unwrap();
        passing.abort();
        assert!(passing.await.unwrap_err().is_cancelled());
    }

    /// Lets connections through again, at the same address.
    pub(crate) async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.passing = Some(tokio::spawn(pass(listener, self.server.clone())));
    }
}

async fn pass(listener: TcpListener, server: String) {
    let mut connections = JoinSet::new();
    loop {
        let (mut inward, _) = listener.accept().await.unwrap();
        let server = server.clone();
        connections.spawn(async move {
            let mut outward = TcpStream::connect(server).await.unwrap();
            let _ = copy_bidirectional(&mut inward, &mut outward).await;
        });
    }
}
