//! HTTP/1.1 with as little of a client as can be: on a machine that the system is on too, a client's work would count as the system's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The longest head of an answer.
const LONGEST_HEAD: usize = 16 * 1024;

/// A connection that stays open.
pub(super) struct Wire {
    stream: TcpStream,
    got: Vec<u8>,
}

impl Wire {
    /// To `authority`: `localhost:8081`.
    pub(super) async fn connect(authority: &str) -> Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            got: Vec::new(),
        })
    }

    /// Sends a request and reads the whole answer: its status and body. Only answers that tell their length are understood.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.stream.write_all(request).await?;
        let (head, status) = self.head().await?;
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .context("an answer that does not tell its length")?;
        let length: usize = length.1.trim().parse()?;
        while self.got.len() < length {
            self.more().await?;
        }
        let rest = self.got.split_off(length);
        Ok((status, std::mem::replace(&mut self.got, rest)))
    }

    /// Sends a request and reads the head of its answer; what comes after it is read with [`Wire::until`].
    pub(super) async fn open(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        Ok(self.head().await?.1)
    }

    /// Reads until `word` has come.
    pub(super) async fn until(&mut self, word: &[u8]) -> Result<()> {
        while !self.got.windows(word.len()).any(|part| part == word) {
            self.more().await?;
        }
        self.got.clear();
        Ok(())
    }

    async fn head(&mut self) -> Result<(String, u16)> {
        let end = loop {
            if let Some(end) = self.got.windows(4).position(|part| part == b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(
                self.got.len() < LONGEST_HEAD,
                "an answer without an end of its head"
            );
            self.more().await?;
        };
        let rest = self.got.split_off(end);
        let head = String::from_utf8(std::mem::replace(&mut self.got, rest))?;
        let status = head.split(' ').nth(1).context("an answer without a status")?;
        let status = status.parse()?;
        Ok((head, status))
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.got).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }
}

/// A GET of `path`, as `token`.
pub(super) fn get(path: &str, token: &str, accept: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .into_bytes()
}

/// A POST of JSON to `path`, as `token` under `key`.
pub(super) fn post(path: &str, token: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Sends `count` requests over `connections`, each as soon as the last is answered with `status`, and tells how long that takes.
pub(super) async fn drive(
    authority: &str,
    connections: usize,
    count: u64,
    status: u16,
    request: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
) -> Result<Duration> {
    let mut wires = Vec::new();
    for _ in 0..connections {
        wires.push(Wire::connect(authority).await?);
    }
    let (next, request) = (Arc::new(AtomicU64::new(0)), Arc::new(request));
    let (begun, mut tasks) = (Instant::now(), JoinSet::new());
    for mut wire in wires {
        let (next, request) = (Arc::clone(&next), Arc::clone(&request));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(());
                }
                let (got, body) = wire.ask(&request(number)).await?;
                ensure!(
                    got == status,
                    "answered {got}, not {status}: {}",
                    String::from_utf8_lossy(&body)
                );
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(begun.elapsed())
}
