//! CloudEvents 1.0 in binary mode: attributes as headers, the data as body.

use std::str::FromStr;

use async_nats::HeaderMap;
use bytes::Bytes;
use domain::Actor;
use jiff::Timestamp;

const SPEC_VERSION: &str = "ce-specversion";
pub(crate) const ID: &str = "ce-id";
const TYPE: &str = "ce-type";
const SOURCE: &str = "ce-source";
const TIME: &str = "ce-time";
const CONTENT_TYPE: &str = "content-type";
pub(crate) const ACTOR: &str = "Waybill-Actor";
const CORRELATION_ID: &str = "Waybill-Correlation-Id";
const TRACEPARENT: &str = "traceparent";
pub(crate) const EXPIRES_AT: &str = "expires-at";
/// What JetStream recognises duplicates by.
pub(crate) const MESSAGE_ID: &str = "Nats-Msg-Id";

/// What a message says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `ce-id` and `Nats-Msg-Id`.
    pub id: String,
    /// `ce-type`: `order.submit.v1`.
    pub kind: String,
    /// `ce-source`: the service that published it.
    pub source: String,
    /// `ce-time`.
    pub time: Timestamp,
    /// `Waybill-Actor`.
    pub actor: Actor,
    /// `Waybill-Correlation-Id`: the request it began with.
    pub correlation_id: Option<String>,
    /// `traceparent` (W3C Trace Context).
    pub traceparent: Option<String>,
    /// `expires-at`: after it a command becomes a dead letter, a push `expired`.
    pub expires_at: Option<Timestamp>,
}

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it goes; see [`crate::subjects`].
    pub subject: String,
    /// What it says about itself.
    pub envelope: Envelope,
    /// JSON.
    pub body: Bytes,
}

impl Envelope {
    pub(crate) fn to_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name: &str, value: &str| headers.insert(name, one_line(value));
        set(MESSAGE_ID, &self.id);
        set(SPEC_VERSION, "1.0");
        set(ID, &self.id);
        set(TYPE, &self.kind);
        set(SOURCE, &self.source);
        set(TIME, &self.time.to_string());
        set(CONTENT_TYPE, "application/json");
        set(ACTOR, &self.actor.to_string());
        if let Some(id) = &self.correlation_id {
            set(CORRELATION_ID, id);
        }
        if let Some(parent) = &self.traceparent {
            set(TRACEPARENT, parent);
        }
        if let Some(at) = self.expires_at {
            set(EXPIRES_AT, &at.to_string());
        }
        headers
    }

    /// The envelope in `headers`, or in words what is wrong with it.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, String> {
        let version: String = needed(headers, SPEC_VERSION)?;
        if version != "1.0" {
            return Err(format!("`{SPEC_VERSION}` is `{version}`, not 1.0"));
        }
        Ok(Self {
            id: needed(headers, ID)?,
            kind: needed(headers, TYPE)?,
            source: needed(headers, SOURCE)?,
            time: needed(headers, TIME)?,
            actor: needed(headers, ACTOR)?,
            correlation_id: optional(headers, CORRELATION_ID)?,
            traceparent: optional(headers, TRACEPARENT)?,
            expires_at: optional(headers, EXPIRES_AT)?,
        })
    }
}

/// A header value: control characters would end it.
pub(crate) fn one_line(value: &str) -> String {
    value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

pub(crate) fn needed<T: FromStr<Err: std::fmt::Display>>(
    headers: &HeaderMap,
    name: &str,
) -> Result<T, String> {
    optional(headers, name)?.ok_or_else(|| format!("the header `{name}` is missing"))
}

fn optional<T: FromStr<Err: std::fmt::Display>>(
    headers: &HeaderMap,
    name: &str,
) -> Result<Option<T>, String> {
    match headers.get(name).map(|value| value.as_str()) {
        None | Some("") => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|error| format!("the header `{name}` can't be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Envelope, HeaderMap};

    fn envelope(id: String, correlation_id: Option<String>, seconds: i64) -> Envelope {
        Envelope {
            id,
            kind: "order.submit.v1".into(),
            source: "rest-api".into(),
            time: jiff::Timestamp::from_second(seconds).unwrap(),
            actor: "guest:6f2d1f0a-0c5e-4b39-9d3c-6a1f0f7f5f11".parse().unwrap(),
            correlation_id,
            traceparent: None,
            expires_at: Some(jiff::Timestamp::from_second(seconds + 60).unwrap()),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(id in "[!-~]{1,40}", correlation in proptest::option::of("[!-~]{1,40}"), seconds in 0_i64..4_000_000_000) {
            let envelope = envelope(id, correlation, seconds);
            prop_assert_eq!(Envelope::from_headers(&envelope.to_headers()).unwrap(), envelope);
        }
    }

    #[test]
    fn a_missing_header_is_named() {
        let mut headers = HeaderMap::new();
        headers.insert("ce-specversion", "1.0");
        assert_eq!(
            Envelope::from_headers(&headers).unwrap_err(),
            "the header `ce-id` is missing"
        );
    }

    #[test]
    fn a_header_can_not_be_broken_out_of() {
        let headers = envelope("a\r\nWaybill-Actor: staff:eve".into(), None, 1).to_headers();
        assert_eq!(
            headers.get("ce-id").unwrap().as_str(),
            "a  Waybill-Actor: staff:eve"
        );
    }
}
