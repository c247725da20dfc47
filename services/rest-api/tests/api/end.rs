//! The end of a replica, as those see it who have a connection to it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::answer::{raw, read_to_end};
use crate::support::Api;

const ASK: &[u8] = b"GET /problems/not-found HTTP/1.1\r\nhost: x\r\n\r\n";
const LIMIT: Duration = Duration::from_secs(10);

/// The first answer on a connection that stays open.
async fn answered(connection: &mut TcpStream) -> String {
    connection.write_all(ASK).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b".\n") {
        assert_ne!(connection.read_buf(&mut answer).await.unwrap(), 0);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn open_connections_are_served_to_their_next_answer_and_then_it_ends() {
    let api = Api::start_with(&["--linger=1h"]).await;
    let mut open = TcpStream::connect(api.address).await.unwrap();
    let before = answered(&mut open).await;
    assert!(before.starts_with("HTTP/1.1 200"), "{before}");
    assert!(!before.contains("connection: close"), "{before}");

    api.stop();
    open.write_all(ASK).await.unwrap();
    let last = read_to_end(&mut open, LIMIT).await;
    assert!(last.starts_with("HTTP/1.1 200"), "{last}");
    assert!(last.contains("connection: close"), "{last}");
    api.close().await;
}

#[tokio::test]
async fn who_comes_while_it_ends_is_served_as_well() {
    let api = Api::start_with(&["--linger=1h"]).await;
    let mut open = TcpStream::connect(api.address).await.unwrap();
    answered(&mut open).await;
    api.stop();
    let answer = raw(api.address, ASK, LIMIT).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    drop(open);
    api.close().await;
}
