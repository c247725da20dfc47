//! A TCP proxy that does to a connection what networks do: slow it down, lose what it carries, cut it.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use crate::ports::Port;

/// How many bytes are read at once.
const CHUNK: usize = 16 * 1024;
/// How many chunks of one direction may be on their way: what is delayed longer than these last holds its sender back.
const ON_THE_WAY: usize = 64;
/// Between two tries to listen where someone else still does.
const LISTEN_AGAIN: Duration = Duration::from_millis(20);

/// What a proxy does to what passes. A change holds at once, for open connections too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Pass,
    /// A round trip takes this much longer, half of it on each way.
    Latency(Duration),
    /// Connections are taken and nothing arrives, on either side. One that lost bytes never speaks again, as after a firewall forgot it;
    /// its far side hears of the end when the hole is gone.
    BlackHole,
    /// What the client sends arrives, what the server answers is lost. A connection that lost bytes stays as it is.
    HalfOpen,
    /// Every connection is reset (RST), old ones and new ones.
    Reset,
    /// Open connections are reset, new ones refused: nobody listens.
    Refuse,
}

impl Mode {
    fn each_way(self) -> Duration {
        match self {
            Self::Latency(round_trip) => round_trip / 2,
            _ => Duration::ZERO,
        }
    }

    fn cuts(self) -> bool {
        matches!(self, Self::Reset | Self::Refuse)
    }

    fn loses(self, way: Way) -> bool {
        match self {
            Self::BlackHole => true,
            Self::HalfOpen => way == Way::Back,
            _ => false,
        }
    }
}

/// Whose bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The client's.
    There,
    /// The server's.
    Back,
}

/// Listens on a port of its own on loopback and passes connections on to another. Ends, with its connections, when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    mode: watch::Sender<Mode>,
    target: watch::Sender<u16>,
    running: AbortHandle,
}

impl Proxy {
    /// One in front of what listens on `target` on loopback, now or later.
    ///
    /// # Errors
    /// Where no port is free.
    pub async fn start(target: u16) -> Result<Self> {
        let port = Port::free()?;
        let listener = listen(port.number()).await.context("a proxy can't listen")?;
        let (mode, target) = (watch::Sender::new(Mode::Pass), watch::Sender::new(target));
        let running = tokio::spawn(serve(
            listener,
            port.number(),
            mode.subscribe(),
            target.subscribe(),
        ));
        Ok(Self {
            port,
            mode,
            target,
            running: running.abort_handle(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Does this from now on.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Leads new connections to another port; open ones stay where they are.
    pub fn lead_to(&self, target: u16) {
        self.target.send_replace(target);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).await
}

/// Takes connections, but while they are to be refused.
async fn serve(
    listener: TcpListener,
    port: u16,
    mut mode: watch::Receiver<Mode>,
    target: watch::Receiver<u16>,
) {
    let (mut listener, mut connections) = (Some(listener), JoinSet::new());
    loop {
        let now = *mode.borrow_and_update();
        if now == Mode::Refuse {
            listener = None;
        } else if listener.is_none() {
            match listen(port).await {
                Ok(again) => listener = Some(again),
                Err(_) => sleep(LISTEN_AGAIN).await,
            }
            continue;
        }
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = mode.changed() => if changed.is_err() { return },
            accepted = accept => if let Ok((client, _)) = accepted {
                connections.spawn(connection(client, *target.borrow(), mode.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until both sides are done with it or it is cut.
async fn connection(mut client: TcpStream, target: u16, mode: watch::Receiver<Mode>) {
    let mut server = None;
    let mut watching = mode.clone();
    let ended = tokio::select! {
        biased;
        _ = watching.wait_for(|mode| mode.cuts()) => false,
        ended = carry(&mut client, &mut server, target, mode) => ended,
    };
    if !ended {
        for side in server.iter().chain([&client]) {
            let _ = side.set_zero_linger();
        }
    }
}

/// Joins the client with `target`, and says whether both ended in order.
async fn carry(
    client: &mut TcpStream,
    server: &mut Option<TcpStream>,
    target: u16,
    mut mode: watch::Receiver<Mode>,
) -> bool {
    if *mode.borrow() == Mode::BlackHole {
        let mut chunk = [0; 512];
        while client.read(&mut chunk).await.is_ok_and(|read| read > 0) {}
        return true;
    }
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, target);
    let Ok(connected) = TcpStream::connect(address).await else {
        return false;
    };
    let server = server.insert(connected);
    // Without it small answers wait for the acknowledgement of earlier ones.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ended = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let there = pass(from_client, to_server, Way::There, mode.clone());
        let back = pass(from_server, to_client, Way::Back, mode.clone());
        tokio::try_join!(there, back).is_ok()
    };
    if !ended {
        // What one side did is not known to the other while nothing arrives.
        let _ = mode
            .wait_for(|mode| !mode.loses(Way::There) && !mode.loses(Way::Back))
            .await;
    }
    ended
}

/// Passes one direction on, until its end has arrived.
async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    way: Way,
    mut mode: watch::Receiver<Mode>,
) -> std::io::Result<()> {
    let (late, mut due) = mpsc::channel::<(Instant, Arc<[u8]>)>(ON_THE_WAY);
    let modes = mode.clone();
    let reading = async move {
        let (mut chunk, mut dead) = (vec![0; CHUNK], false);
        loop {
            let read = from.read(&mut chunk).await?;
            let now = *modes.borrow();
            dead |= now.loses(way) && read > 0;
            if read == 0 {
                return Ok(());
            }
            let at = Instant::now() + now.each_way();
            if !dead && late.send((at, Arc::from(&chunk[..read]))).await.is_err() {
                return Ok(());
            }
        }
    };
    let writing = async {
        while let Some((at, bytes)) = due.recv().await {
            sleep_until(at).await;
            to.write_all(&bytes).await?;
        }
        // An end is lost like anything else, until there is a way for it again.
        let _ = mode.wait_for(|mode| !mode.loses(way)).await;
        to.shutdown().await
    };
    tokio::try_join!(reading, writing).map(drop)
}
