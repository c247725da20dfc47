//! An answer, read to its end.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Self {
            status,
            headers,
            text,
        }
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Checks that this is the problem `name` with `status` after RFC 9457; gives its body.
    pub(crate) fn problem(&self, status: u16, name: &str) -> Value {
        let body = self.any_problem();
        assert_eq!(
            (self.status, body["type"].as_str()),
            (status, Some(format!("/problems/{name}").as_str())),
            "{self:?}"
        );
        body
    }

    /// Checks that this is a problem that names its request; gives the rest of its body.
    pub(crate) fn any_problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let mut body = self.json();
        assert_eq!(body["status"], self.status, "{self:?}");
        let request = body.as_object_mut().and_then(|body| body.remove("request_id"));
        assert_eq!(request, Some(self.header("x-request-id").into()), "{self:?}");
        assert!(
            body["title"].as_str().is_some_and(|title| !title.is_empty())
                && body["type"]
                    .as_str()
                    .is_some_and(|kind| kind.starts_with("/problems/")),
            "{self:?}"
        );
        body
    }

    /// What is wrong with each field, as `pointer: detail`.
    pub(crate) fn fields(&self) -> Vec<String> {
        let body = self.problem(422, "invalid-input");
        let errors = body["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| {
                format!(
                    "{}: {}",
                    error["pointer"].as_str().unwrap(),
                    error["detail"].as_str().unwrap()
                )
            })
            .collect()
    }
}

/// Sends `bytes` and gives all that comes until the connection ends, within `limit`.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8], limit: Duration) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    read_to_end(&mut stream, limit).await
}

pub(crate) async fn read_to_end(stream: &mut (impl AsyncReadExt + Unpin), limit: Duration) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(limit, stream.read_to_end(&mut answer))
        .await
        .expect("the connection is closed")
        .ok();
    String::from_utf8_lossy(&answer).into_owned()
}
