//! A stream of server-sent events, read as it comes.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

/// A block of the stream: its id, its event, its data; a comment is an event named ":".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Block {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: String,
}

impl Block {
    /// The order it carries.
    pub(crate) fn order(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

pub(crate) struct Stream {
    answer: Response,
    text: String,
}

impl Stream {
    pub(crate) fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            answer,
            text: String::new(),
        }
    }

    /// The next block, within 10 seconds; none where the stream ended.
    pub(crate) async fn next_block(&mut self) -> Option<Block> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let read = read(block);
                self.text = rest.to_owned();
                return Some(read);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.answer.chunk());
            let chunk = chunk.await.expect("a block in time").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event; comments and such are passed over.
    pub(crate) async fn next(&mut self) -> Option<Block> {
        loop {
            let block = self.next_block().await?;
            if !block.event.is_empty() && block.event != ":" {
                return Some(block);
            }
        }
    }

    /// All events to the stream's end.
    pub(crate) async fn rest(mut self) -> Vec<Block> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event);
        }
        all
    }
}

fn read(block: &str) -> Block {
    let mut read = Block::default();
    for line in block.lines() {
        match line.split_once(':') {
            Some(("", _)) => read.event = ":".into(),
            Some(("id", value)) => read.id = value.trim().into(),
            Some(("event", value)) => read.event = value.trim().into(),
            Some(("data", value)) => read.data = value.trim().into(),
            _ => {}
        }
    }
    read
}
