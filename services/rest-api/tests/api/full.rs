//! A stream that takes no more.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::support::{Api, Guest, draft};

/// Asks NATS for what only an operator may ask.
async fn ask(api: &Api, subject: &str, body: &str) -> Value {
    let address = api.servers.nats_url.trim_start_matches("nats://");
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let length = body.len();
    let request = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB {subject} answer {length}\r\n{body}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut line = String::new();
    while !line.starts_with("MSG answer") {
        line.clear();
        assert_ne!(stream.read_line(&mut line).await.unwrap(), 0, "{subject}");
    }
    let length = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

/// Lets `ORDERS` have no more than `messages`.
async fn limit(api: &Api, messages: i64) {
    let stream = ask(api, "$JS.API.STREAM.INFO.ORDERS", "").await;
    let mut config = stream["config"].clone();
    config["max_msgs"] = messages.into();
    let updated = ask(api, "$JS.API.STREAM.UPDATE.ORDERS", &config.to_string()).await;
    assert_eq!(updated["config"]["max_msgs"], messages, "{updated}");
}

#[tokio::test]
async fn a_full_stream_takes_no_order_and_nothing_of_a_group_until_there_is_room() {
    let api = Api::start().await;
    let guest = Guest::new(&api);
    limit(&api, 1).await;
    let one = draft(&[("honey-acacia", 1)]);
    let group = json!({ "orders": [one, one] });
    let full = |answer: &Answer| {
        answer.problem(503, "queue-full");
        assert_ne!(answer.header("retry-after"), "", "{answer:?}");
    };
    full(&guest.post("/v1/order-groups", "group", &group).await);
    api.assert_no_order().await;
    guest.order("honey-acacia", 1).await;
    full(&guest.post("/v1/orders", "order", &one).await);
    full(&guest.post("/v1/order-groups", "group", &group).await);

    limit(&api, 10).await;
    assert_eq!(guest.post("/v1/order-groups", "group", &group).await.status, 202);
    assert_eq!(guest.post("/v1/orders", "order", &one).await.status, 202);
    let queues = api.messaging.queues().await.unwrap();
    let orders = queues.iter().filter(|queue| queue.stream == "ORDERS");
    assert_eq!(orders.map(|queue| queue.pending).sum::<u64>(), 4);
    api.close().await;
}
