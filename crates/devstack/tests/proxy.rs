//! What the proxy does to connections, seen from both ends.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use devstack::proxy::{Mode, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longer than anything takes that arrives at all.
const SILENCE: Duration = Duration::from_millis(300);
const SOON: Duration = Duration::from_secs(10);

/// Two ends of one connection through a proxy.
struct Line {
    proxy: Proxy,
    listener: TcpListener,
    client: TcpStream,
    server: TcpStream,
}

impl Line {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(listener.local_addr().unwrap().port()).await.unwrap();
        let (mut client, mut server) = connect(&proxy, &listener).await;
        say(&mut client, &mut server, b"open").await;
        Self {
            proxy,
            listener,
            client,
            server,
        }
    }
}

async fn connect(proxy: &Proxy, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    let (server, _) = timeout(SOON, listener.accept()).await.unwrap().unwrap();
    (client, server)
}

/// Sends a word and waits for it at the other end.
async fn say(from: &mut TcpStream, to: &mut TcpStream, word: &[u8]) {
    from.write_all(word).await.unwrap();
    let mut heard = vec![0; word.len()];
    timeout(SOON, to.read_exact(&mut heard)).await.unwrap().unwrap();
    assert_eq!(heard, word);
}

/// Sends a word that must not arrive.
async fn lose(from: &mut TcpStream, to: &mut TcpStream) {
    from.write_all(b"lost").await.unwrap();
    assert!(hears_nothing(to).await);
}

async fn hears_nothing(end: &mut TcpStream) -> bool {
    timeout(SILENCE, end.read(&mut [0; 16])).await.is_err()
}

/// How a connection ended: 0 bytes, or an error.
async fn end(end: &mut TcpStream) -> std::io::Result<usize> {
    timeout(SOON, end.read(&mut [0; 16])).await.unwrap()
}

#[tokio::test]
async fn bytes_and_ends_pass() {
    let mut line = Line::open().await;
    say(&mut line.client, &mut line.server, b"question").await;
    say(&mut line.server, &mut line.client, b"answer").await;
    line.client.shutdown().await.unwrap();
    assert_eq!(end(&mut line.server).await.unwrap(), 0);
    say(&mut line.server, &mut line.client, b"still open this way").await;
    drop(line.server);
    assert_eq!(end(&mut line.client).await.unwrap(), 0);
}

#[tokio::test]
async fn latency_lengthens_a_round_trip_and_leaves_the_rate_alone() {
    let mut line = Line::open().await;
    line.proxy.set(Mode::Latency(SILENCE));
    let begun = Instant::now();
    for word in 0..20_u8 {
        line.client.write_all(&[word]).await.unwrap();
    }
    let mut heard = [0; 20];
    line.server.read_exact(&mut heard).await.unwrap();
    assert!(heard.into_iter().eq(0..20));
    say(&mut line.server, &mut line.client, b"answer").await;
    let took = begun.elapsed();
    assert!((SILENCE..SILENCE * 10).contains(&took), "{took:?}");
}

#[tokio::test]
async fn a_black_hole_swallows_both_ways_and_what_was_lost_stays_lost() {
    let mut line = Line::open().await;
    let (mut idle, mut idle_server) = connect(&line.proxy, &line.listener).await;
    line.proxy.set(Mode::BlackHole);
    lose(&mut line.client, &mut line.server).await;
    lose(&mut line.server, &mut line.client).await;
    let mut newcomer = TcpStream::connect(("127.0.0.1", line.proxy.port()))
        .await
        .unwrap();
    newcomer.write_all(b"hello?").await.unwrap();
    assert!(hears_nothing(&mut newcomer).await);

    line.proxy.set(Mode::Pass);
    lose(&mut line.client, &mut line.server).await;
    say(&mut idle, &mut idle_server, b"lost nothing").await;
    let (mut client, mut server) = connect(&line.proxy, &line.listener).await;
    say(&mut client, &mut server, b"a new one").await;
}

#[tokio::test]
async fn the_far_side_of_a_black_hole_hears_of_the_end_when_the_hole_is_gone() {
    let mut line = Line::open().await;
    line.proxy.set(Mode::BlackHole);
    drop(line.client);
    assert!(hears_nothing(&mut line.server).await);
    line.proxy.set(Mode::Pass);
    assert_eq!(end(&mut line.server).await.unwrap(), 0);
}

#[tokio::test]
async fn half_open_takes_questions_and_loses_answers() {
    let mut line = Line::open().await;
    line.proxy.set(Mode::HalfOpen);
    say(&mut line.client, &mut line.server, b"question").await;
    lose(&mut line.server, &mut line.client).await;
    line.proxy.set(Mode::Pass);
    lose(&mut line.server, &mut line.client).await;
    say(&mut line.client, &mut line.server, b"another").await;
}

#[tokio::test]
async fn reset_cuts_old_and_new_connections_on_both_sides() {
    let mut line = Line::open().await;
    line.proxy.set(Mode::Reset);
    for side in [&mut line.client, &mut line.server] {
        assert_eq!(end(side).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    let mut newcomer = TcpStream::connect(("127.0.0.1", line.proxy.port()))
        .await
        .unwrap();
    assert_eq!(
        end(&mut newcomer).await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    line.proxy.set(Mode::Pass);
    let (mut client, mut server) = connect(&line.proxy, &line.listener).await;
    say(&mut client, &mut server, b"again").await;
}

#[tokio::test]
async fn refused_are_new_connections_until_it_listens_again_on_the_same_port() {
    let mut line = Line::open().await;
    let address = ("127.0.0.1", line.proxy.port());
    line.proxy.set(Mode::Refuse);
    assert_eq!(
        end(&mut line.client).await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    line.proxy.set(Mode::Pass);
    let connected = async {
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, connected).await.unwrap();
}

#[tokio::test]
async fn new_connections_go_where_they_are_led_and_old_ones_stay() {
    let mut line = Line::open().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    line.proxy.lead_to(other.local_addr().unwrap().port());
    let (mut client, mut server) = connect(&line.proxy, &other).await;
    say(&mut client, &mut server, b"to the other").await;
    say(&mut line.client, &mut line.server, b"to the first").await;
}

#[tokio::test]
async fn a_target_that_is_away_is_a_reset() {
    let line = Line::open().await;
    let proxy = Proxy::start(line.proxy.port()).await.unwrap();
    line.proxy.set(Mode::Refuse);
    let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    assert!(end(&mut client).await.is_err());
}
