//! A dead letter as a message: the original with headers that say why it is here.

use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use domain::Customer;
use jiff::Timestamp;
use serde::Serialize;

use crate::envelope::{ACTOR, EXPIRES_AT, ID, MESSAGE_ID, needed, one_line};
use crate::publisher::Outgoing;
use crate::topology::ORDERS;

const STREAM: &str = "Dead-Letter-Stream";
const SEQUENCE: &str = "Dead-Letter-Sequence";
const CONSUMER: &str = "Dead-Letter-Consumer";
const SUBJECT: &str = "Dead-Letter-Subject";
const DELIVERIES: &str = "Dead-Letter-Deliveries";
const REASON: &str = "Dead-Letter-Reason";
const ERROR: &str = "Dead-Letter-Error";
const AT: &str = "Dead-Letter-Time";
/// On what was replayed: the letter it was, and when it was replayed. A letter that comes of it keeps them.
const REPLAY_OF: &str = "Dead-Letter-Replay-Of";
const REPLAYED_AT: &str = "Dead-Letter-Replayed-At";
const OURS: &str = "Dead-Letter-";
/// On a letter's announcement: its sequence in `DEAD_LETTERS`.
const ANNOUNCED: &str = "Nats-Sequence";
/// What the server itself reads or writes; not part of the original.
const SERVERS: &str = "Nats-";
const TTL: &str = "Nats-TTL";
/// Letters of orders never age out.
const THIRTY_DAYS: &str = "720h";
const LONGEST_ERROR: usize = 2000;

/// One dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its sequence in `DEAD_LETTERS`: the number staff name it by.
    pub sequence: u64,
    /// The stream it came from.
    pub stream: String,
    /// Its sequence there.
    pub source_sequence: u64,
    /// The consumer that gave up.
    pub consumer: String,
    /// The subject it was published to.
    pub subject: String,
    /// How often it was delivered.
    pub deliveries: u64,
    /// A stable word: `undecodable`, `attempts_exhausted`, `expired`, `key_reused`…
    pub reason: String,
    /// The cause, for the operator.
    pub error: String,
    /// When it was given up.
    pub at: Timestamp,
    /// The letter it was before it was replayed and died again; none where it died for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<u64>,
    /// When that one was replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed_at: Option<Timestamp>,
    /// Its headers, as they were.
    pub headers: Vec<(String, String)>,
    /// Its body, as it was; shown to staff only.
    #[serde(skip)]
    pub body: Bytes,
}

impl DeadLetter {
    /// Whether the customer asked for it, by what its envelope says.
    pub(super) fn is_by(&self, customer: Customer) -> bool {
        let actor = self.headers.iter().find(|(name, _)| name == ACTOR);
        actor.is_some_and(|(_, actor)| *actor == customer.to_string())
    }
}

/// Why and where a message was given up.
#[derive(Debug, Clone)]
pub(crate) struct Verdict<'a> {
    pub(crate) stream: &'a str,
    pub(crate) sequence: u64,
    pub(crate) consumer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) deliveries: u64,
    pub(crate) reason: &'a str,
    pub(crate) error: &'a str,
    pub(crate) at: Timestamp,
}

/// The letter for a message that had `headers` and `body`.
pub(crate) fn to_letter(verdict: &Verdict<'_>, headers: &HeaderMap, body: Bytes) -> Outgoing {
    let Verdict {
        stream,
        sequence,
        consumer,
        ..
    } = *verdict;
    let mut letter = originals(headers);
    for name in [REPLAY_OF, REPLAYED_AT] {
        if let Some(value) = headers.get(name) {
            letter.insert(name, value.clone());
        }
    }
    let mut set = |name: &str, value: &str| letter.insert(name, one_line(value));
    set(MESSAGE_ID, &format!("{stream}:{sequence}:{consumer}"));
    set(STREAM, stream);
    set(SEQUENCE, &sequence.to_string());
    set(CONSUMER, consumer);
    set(SUBJECT, verdict.subject);
    set(DELIVERIES, &verdict.deliveries.to_string());
    set(REASON, verdict.reason);
    set(
        ERROR,
        &verdict.error.chars().take(LONGEST_ERROR).collect::<String>(),
    );
    set(AT, &verdict.at.to_string());
    if stream != ORDERS {
        set(TTL, THIRTY_DAYS);
    }
    let id = headers.get(ID).map(|id| id.as_str());
    Outgoing {
        subject: subject(stream, consumer, &token(id, sequence)),
        headers: letter,
        body,
    }
}

/// `dead-letters.<stream>.<consumer>.<id>`
pub(super) fn subject(stream: &str, consumer: &str, id: &str) -> String {
    format!("dead-letters.{stream}.{consumer}.{id}")
}

/// What a letter is called in its subject: its `ce-id`, or its sequence in its stream where that can't stand there.
fn token(id: Option<&str>, sequence: u64) -> String {
    let id = id.filter(|id| is_token(id));
    id.map_or_else(|| sequence.to_string(), str::to_owned)
}

/// The subject that the deaths of the letter's message are announced on, in `EVENTS` and `AUDIT`.
pub(super) fn announced_on(letter: &DeadLetter) -> String {
    let id = letter.headers.iter().find(|(name, _)| name == ID);
    let id = token(id.map(|(_, id)| id.as_str()), letter.source_sequence);
    format!("events.dead-letter.{}.{id}", letter.stream)
}

/// The letter that `message` announces, without its body.
pub(super) fn read_announced(mut message: StreamMessage) -> Option<DeadLetter> {
    message.sequence = needed(&message.headers, ANNOUNCED).ok()?;
    read(message)
}

/// Whether `id` can stand as one token of a subject. Ids come from outside.
pub(super) fn is_token(id: &str) -> bool {
    (1..=100).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b))
}

/// `headers` without the server's and without a letter's.
fn originals(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (name, values) in headers.iter() {
        let name: &str = name.as_ref();
        if !name.starts_with(SERVERS) && !name.starts_with(OURS) {
            values.iter().for_each(|value| kept.append(name, value.clone()));
        }
    }
    kept
}

/// The letter in `message`; `None`, with a line in the log, where someone else put something there.
pub(super) fn read(message: StreamMessage) -> Option<DeadLetter> {
    let sequence = message.sequence;
    let letter = parse(message);
    letter
        .inspect_err(|error| tracing::warn!(letter.sequence = sequence, error, "not a dead letter"))
        .ok()
}

fn parse(message: StreamMessage) -> Result<DeadLetter, String> {
    let headers = &message.headers;
    Ok(DeadLetter {
        sequence: message.sequence,
        stream: needed(headers, STREAM)?,
        source_sequence: needed(headers, SEQUENCE)?,
        consumer: needed(headers, CONSUMER)?,
        subject: needed(headers, SUBJECT)?,
        deliveries: needed(headers, DELIVERIES)?,
        reason: needed(headers, REASON)?,
        error: headers
            .get(ERROR)
            .map(|error| error.as_str().to_owned())
            .unwrap_or_default(),
        at: needed(headers, AT)?,
        replay_of: needed(headers, REPLAY_OF).ok(),
        replayed_at: needed(headers, REPLAYED_AT).ok(),
        headers: listed(&originals(headers)),
        body: message.payload,
    })
}

fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter().flat_map(|(name, values)| {
        values
            .iter()
            .map(|value| (AsRef::<str>::as_ref(name).to_owned(), value.as_str().to_owned()))
    });
    let mut listed: Vec<_> = pairs.collect();
    listed.sort();
    listed
}

/// The message as it was first published, under a message id of its own: the first one's is still in the duplicate window.
/// It says that it is a replay, made at `at`.
pub(super) fn original(letter: &DeadLetter, at: Timestamp) -> Outgoing {
    let mut headers = HeaderMap::new();
    for (name, value) in &letter.headers {
        if letter.reason != "expired" || name != EXPIRES_AT {
            headers.append(name.as_str(), value.as_str());
        }
    }
    headers.insert(MESSAGE_ID, format!("replay:{}", letter.sequence));
    headers.insert(REPLAY_OF, letter.sequence.to_string());
    headers.insert(REPLAYED_AT, at.to_string());
    Outgoing {
        subject: letter.subject.clone(),
        headers,
        body: letter.body.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_token;

    #[test]
    fn only_a_plain_id_stands_in_a_subject() {
        assert!(is_token("0199c2f0-0000-8000-8000-000000000000:1"));
        for id in ["", "a.b", "*", ">", "a b", &"x".repeat(101)] {
            assert!(!is_token(id), "{id}");
        }
    }
}
