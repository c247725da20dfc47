//! Requests drawn at random: never our failure, and every refusal a problem. Prints its seed; `API_FUZZ_SEED` repeats a run.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::dice::request;
use crate::support::{Api, Guest};

/// How many; `API_FUZZ_REQUESTS` sets another number.
const REQUESTS: u64 = 1500;

#[tokio::test]
async fn whatever_is_sent_is_never_our_failure() {
    let set = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|number| number.parse::<u64>().unwrap())
    };
    let seed = set("API_FUZZ_SEED").unwrap_or_else(rand::random);
    println!("API_FUZZ_SEED={seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let api = Api::start_whole().await;
    let guest = Guest::new(&api);
    let order = guest.order("honey-acacia", 1).await;
    let mut statuses = BTreeMap::new();
    for number in 0..set("API_FUZZ_REQUESTS").unwrap_or(REQUESTS) {
        let request = request(&mut dice, &guest, &order);
        let (head, body) = ask(&api, &request).await;
        let shown = || {
            format!(
                "seed {seed}, request {number}:\n{}\n{head}\n{body}",
                request.escape_ascii()
            )
        };
        let status: u16 = head[9..12].parse().unwrap_or_else(|_| panic!("{}", shown()));
        assert!(status < 500, "{}", shown());
        *statuses.entry(status).or_insert(0) += 1;
        let problem = head.contains("content-type: application/problem+json");
        assert_eq!(status >= 400, problem, "{}", shown());
        if problem && !head.contains("content-encoding") && !body.is_empty() {
            let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{}", shown()));
            assert_eq!(body["status"], status, "{}", shown());
        }
    }
    api.wait_handled().await;
    println!("{statuses:?}");
    api.close().await;
}

/// Sends a request; gives the answer's head in small letters, and its body.
async fn ask(api: &Api, request: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(api.address).await.unwrap();
    // It may be answered and closed before all of it is sent.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    loop {
        let read = timeout(Duration::from_secs(10), stream.read_buf(&mut answer));
        let more = read.await.expect("an answer in time").unwrap_or(0);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            if more == 0 || head.contains("content-type: text/event-stream") {
                return (head, body.to_owned());
            }
        }
        assert!(more > 0, "no answer to {}: {text}", request.escape_ascii());
    }
}
