//! Asking a work queue what was delivered and is not settled, in whoever's hand it is. What is settled is gone from it.

use async_nats::jetstream::consumer::PullConsumer;

use crate::{Messaging, raw, subjects};

/// A message that is not settled, by its key and sequence.
pub(super) type Unsettled = (String, u64);

/// Everything of `consumer` that was delivered to anyone and is not settled, in stream order.
pub(super) async fn outstanding(
    messaging: &Messaging,
    stream: &str,
    consumer: &str,
) -> Result<Vec<Unsettled>, String> {
    let found: Result<PullConsumer, _> = messaging
        .jetstream
        .get_consumer_from_stream(consumer, stream)
        .await;
    let found = found.map_err(|error| error.to_string())?;
    let info = found.cached_info();
    let (filter, delivered) = (&info.config.filter_subject, info.delivered.stream_sequence);
    let stream = raw::stream(messaging, stream).await;
    let stream = stream.map_err(|error| error.to_string())?;
    let mut unsettled: Vec<Unsettled> = Vec::new();
    loop {
        let after = unsettled.last().map_or(1, |(_, sequence)| sequence + 1);
        let next = stream.get_first_raw_message_by_subject(filter, after).await;
        match raw::found(next).map_err(|error| error.to_string())? {
            Some(next) if next.sequence <= delivered => {
                unsettled.push((subjects::key(&next.subject).to_owned(), next.sequence));
            }
            _ => return Ok(unsettled),
        }
    }
}

/// Those of `messages` that `stream` does not have any more. What can't be asked for is taken to be there.
pub(super) async fn settled(messaging: &Messaging, stream: &str, messages: Vec<Unsettled>) -> Vec<Unsettled> {
    let Ok(stream) = raw::stream(messaging, stream).await else {
        return Vec::new();
    };
    let mut settled = Vec::new();
    for message in messages {
        match raw::found(stream.get_raw_message(message.1).await) {
            Ok(None) => settled.push(message),
            Ok(Some(_)) => {}
            Err(_) => break,
        }
    }
    settled
}
