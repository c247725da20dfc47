//! The NATS server asked past every crate of ours, as an operator with a tool of his own could.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// What the server at `nats_url` answers to `$JS.API.<request>`.
#[expect(clippy::panic, reason = "a test without its servers cannot go on")]
pub async fn jetstream(nats_url: &str, request: &str, body: &Value) -> Value {
    match ask(nats_url, request, body).await {
        Ok(answer) => answer,
        Err(error) => panic!("{request}: {error:#}"),
    }
}

/// How many messages `stream` holds, exactly: what consumers say of it comes a moment later.
#[expect(clippy::panic, reason = "a test without its servers cannot go on")]
pub async fn stored(nats_url: &str, stream: &str) -> u64 {
    let info = jetstream(nats_url, &format!("STREAM.INFO.{stream}"), &json!({})).await;
    match info["state"]["messages"].as_u64() {
        Some(messages) => messages,
        None => panic!("{stream} does not tell how much it holds: {info}"),
    }
}

/// Changes the configuration of `stream` by hand: `changes` as the server names its settings.
#[expect(clippy::panic, reason = "a test without its servers cannot go on")]
pub async fn change_stream(nats_url: &str, stream: &str, changes: &Value) {
    let info = jetstream(nats_url, &format!("STREAM.INFO.{stream}"), &json!({})).await;
    let mut config = info["config"].clone();
    for (name, value) in changes.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let answer = jetstream(nats_url, &format!("STREAM.UPDATE.{stream}"), &config).await;
    if answer["config"].is_null() {
        panic!("{stream} can't be changed: {answer}");
    }
}

async fn ask(nats_url: &str, request: &str, body: &Value) -> Result<Value> {
    let address = nats_url.trim_start_matches("nats://");
    let mut server = BufReader::new(TcpStream::connect(address).await?);
    let body = body.to_string();
    let words = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB $JS.API.{request} answer {}\r\n{body}\r\n",
        body.len()
    );
    server.write_all(words.as_bytes()).await?;
    let mut line = String::new();
    while !line.starts_with('{') {
        line.clear();
        let read = server.read_line(&mut line).await?;
        anyhow::ensure!(read > 0, "the server hung up");
    }
    serde_json::from_str(&line).context("the answer is no JSON")
}
