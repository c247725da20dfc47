//! What a drill does in a shop beside ordering.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use chassis::clock;
use devstack::Stack;
use messaging::{ConnectOptions, Messaging};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a request to a server may take.
const REQUEST: Duration = Duration::from_secs(5);

/// Asks `probe` again and again until it gives something.
///
/// # Errors
/// Where `limit` passes, naming `what`.
pub async fn eventually<T>(
    what: &str,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = probe().await {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            bail!("waited {limit:?} in vain for {what}");
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Empties Redis, which keeps running.
///
/// # Errors
/// Where it does not answer.
pub async fn flush_redis(stack: &Stack) -> Result<()> {
    let place = stack.redis_url().trim_start_matches("redis://");
    let (proof, address) = place.split_once('@').context("Redis has no users")?;
    let (user, password) = proof.split_once(':').context("a user without a password")?;
    let mut redis = TcpStream::connect(address).await?;
    let words = format!("AUTH {user} {password}\r\nFLUSHALL\r\n");
    redis.write_all(words.as_bytes()).await?;
    let mut answer = [0; 10];
    redis.read_exact(&mut answer).await?;
    if &answer != b"+OK\r\n+OK\r\n" {
        bail!("Redis was not emptied");
    }
    Ok(())
}

/// NATS as its operator reaches it, past the services.
///
/// # Errors
/// Where it is out of reach.
pub async fn messaging(stack: &Stack) -> Result<Messaging> {
    let options = ConnectOptions {
        url: stack.nats_url().to_owned().into(),
        seed: Some(std::fs::read_to_string(stack.nats_seed_file())?.into()),
        name: "bench".into(),
        request_timeout: REQUEST,
        now: clock::now,
    };
    Ok(Messaging::connect(options).await?)
}

/// What `waybillctl` prints for scripts.
pub(super) async fn ctl<'a>(stack: &Stack, words: impl IntoIterator<Item = &'a str>) -> Result<Value> {
    let words = ["--output", "json"].into_iter().chain(words);
    let said = stack.waybillctl(words).await?;
    serde_json::from_str(&said).context("waybillctl prints no JSON")
}

/// The dead letters, oldest first.
pub(super) async fn dead_letters(stack: &Stack) -> Result<Vec<Value>> {
    let letters = ctl(stack, ["dead-letters", "list"]).await?;
    Ok(letters.as_array().cloned().unwrap_or_default())
}

/// Whether nothing waits in these streams and nothing is in anyone's hand.
pub(super) async fn are_empty(stack: &Stack, streams: &[&str]) -> Result<bool> {
    let queues = ctl(stack, ["queues"]).await?;
    let queues = queues.as_array().context("waybillctl lists no queues")?;
    let waits = |queue: &Value| queue["pending"] != 0 || queue["in_hand"] != 0;
    Ok(!queues
        .iter()
        .any(|queue| streams.iter().any(|stream| queue["stream"] == *stream) && waits(queue)))
}
