//! The servers that every other test stands on.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use devstack::servers::postgres::psql;
use devstack::testing::{TestServers, eventually};

fn port_of(url: &str) -> u16 {
    url.rsplit_once(':').unwrap().1.parse().unwrap()
}

fn redis(url: &str, command: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port_of(url))).ok()?;
    stream
        .write_all(format!("{command}\r\nQUIT\r\n").as_bytes())
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn nats(url: &str, subject: &str, body: &str) -> Option<String> {
    let stream = TcpStream::connect(("127.0.0.1", port_of(url))).ok()?;
    let mut lines = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    let mut out = stream;
    out.write_all(
        format!(
            "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB $JS.API.{subject} answer {}\r\n{body}\r\n",
            body.len()
        )
        .as_bytes(),
    )
    .ok()?;
    line.clear();
    lines.read_line(&mut line).ok()?;
    line.clear();
    lines.read_line(&mut line).ok()?;
    Some(line)
}

const STREAM: &str = r#"{"name":"KEPT","subjects":["kept.>"]}"#;

#[tokio::test]
async fn two_tests_share_nothing() {
    let (one, two) = tokio::join!(TestServers::start(), TestServers::start());
    assert_eq!(redis(&one.redis_url, "SET k v").unwrap(), "+OK\r\n+OK\r\n");
    assert_eq!(redis(&two.redis_url, "GET k").unwrap(), "$-1\r\n+OK\r\n");
    psql(&one.database_url, "CREATE TABLE mine (id int)").unwrap();
    assert!(psql(&two.database_url, "SELECT * FROM mine").is_err());
    assert!(
        nats(&one.nats_url, "STREAM.CREATE.KEPT", STREAM)
            .unwrap()
            .contains("\"name\":\"KEPT\"")
    );
    assert!(
        nats(&two.nats_url, "STREAM.INFO.KEPT", "")
            .unwrap()
            .contains("stream not found")
    );
}

#[tokio::test]
async fn a_killed_redis_comes_back_empty_on_the_same_port() {
    let mut servers = TestServers::start().await;
    redis(&servers.redis_url, "SET k v").unwrap();
    servers.kill_redis().await;
    assert!(TcpStream::connect(("127.0.0.1", port_of(&servers.redis_url))).is_err());
    servers.start_redis().await;
    assert_eq!(redis(&servers.redis_url, "GET k").unwrap(), "$-1\r\n+OK\r\n");
}

#[tokio::test]
async fn a_killed_nats_comes_back_with_its_streams() {
    let mut servers = TestServers::start().await;
    assert!(
        nats(&servers.nats_url, "STREAM.CREATE.KEPT", STREAM)
            .unwrap()
            .contains("\"name\":\"KEPT\"")
    );
    servers.kill_nats().await;
    assert!(TcpStream::connect(("127.0.0.1", port_of(&servers.nats_url))).is_err());
    servers.start_nats().await;
    assert!(
        nats(&servers.nats_url, "STREAM.INFO.KEPT", "")
            .unwrap()
            .contains("\"name\":\"KEPT\"")
    );
}

#[tokio::test]
async fn a_dropped_database_is_gone() {
    let servers = TestServers::start().await;
    let admin = std::env::var("WAYBILL_TEST_POSTGRES").unwrap();
    let name = servers.database_url.rsplit_once('/').unwrap().1.to_owned();
    drop(servers);
    eventually("the database to go", async || {
        let left = psql(
            &admin,
            &format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"),
        )
        .unwrap();
        left.is_empty().then_some(())
    })
    .await;
}
