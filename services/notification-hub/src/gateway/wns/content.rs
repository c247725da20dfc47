//! What is sent to a device: a toast that Windows shows, or data that its app is handed.

use serde_json::{Map, Value};

use super::{Answer, Kind, Push, toast};

/// What WNS takes at most.
const LIMIT_BYTES: usize = 5_000;

/// The body of a request, and the headers that go with it.
#[derive(Debug)]
pub(super) struct Content {
    /// `X-WNS-Type`.
    pub kind: &'static str,
    pub media_type: &'static str,
    /// `X-WNS-PRIORITY`, from 1 (high) to 4 (very low): whether the device may wait to save its battery. Without it Windows takes 1 for a
    /// toast and 3 for raw data.
    pub priority: &'static str,
    pub body: String,
}

pub(super) fn content(push: &Push) -> Result<Content, Answer> {
    let content = match push.kind {
        Kind::Alert => Content {
            kind: "wns/toast",
            media_type: "text/xml",
            priority: if push.urgent { "1" } else { "2" },
            body: toast::toast(push),
        },
        Kind::Background => Content {
            kind: "wns/raw",
            media_type: "application/octet-stream",
            priority: if push.urgent { "1" } else { "3" },
            body: raw(push),
        },
    };
    if content.body.len() > LIMIT_BYTES {
        return Err(Answer::too_long(content.body.len(), LIMIT_BYTES));
    }
    Ok(content)
}

/// The data as a JSON object.
fn raw(push: &Push) -> String {
    let data = push.data.iter();
    let data: Map<String, Value> = data
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    Value::Object(data).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::samples::push;
    use storage::Channel;

    fn sample(kind: Kind) -> Push {
        Push {
            kind,
            ..push(Channel::Wns {
                uri: "https://db5.notify.windows.com/?token=x".into(),
            })
        }
    }

    #[test]
    fn a_raw_push_is_its_data() {
        let content = content(&sample(Kind::Background)).unwrap();
        let data: Value = serde_json::from_str(&content.body).unwrap();
        assert_eq!(
            (&data["version"], &data["state"]),
            (&"2".into(), &"confirmed".into())
        );
        assert!(!content.body.contains("cups"));
    }

    #[test]
    fn each_kind_has_its_type_and_priority() {
        for (kind, urgent, expected) in [
            (Kind::Alert, true, ("wns/toast", "text/xml", "1")),
            (Kind::Alert, false, ("wns/toast", "text/xml", "2")),
            (
                Kind::Background,
                true,
                ("wns/raw", "application/octet-stream", "1"),
            ),
            (
                Kind::Background,
                false,
                ("wns/raw", "application/octet-stream", "3"),
            ),
        ] {
            let push = Push {
                urgent,
                ..sample(kind)
            };
            let content = content(&push).unwrap();
            assert_eq!((content.kind, content.media_type, content.priority), expected);
        }
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        for kind in [Kind::Alert, Kind::Background] {
            let mut push = sample(kind);
            push.data.push(("more".into(), "x".repeat(LIMIT_BYTES)));
            assert!(matches!(content(&push), Err(Answer::Refused { .. })), "{kind:?}");
        }
    }
}
