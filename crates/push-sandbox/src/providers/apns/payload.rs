//! The JSON payload.

use serde_json::Value;

use super::headers::Wanted;
use super::reason::{Reason, Refused};

const LIMIT_BYTES: usize = 4096;
const VOIP_LIMIT_BYTES: usize = 5120;

/// A payload, and what the phone would show of it.
pub(super) struct Payload {
    pub(super) json: Value,
    pub(super) title: String,
    pub(super) body: String,
}

pub(super) fn read(bytes: &[u8], wanted: &Wanted) -> Result<Payload, Refused> {
    let limit = if wanted.push_type == "voip" {
        VOIP_LIMIT_BYTES
    } else {
        LIMIT_BYTES
    };
    if bytes.len() > limit {
        let said = format!("the payload is {} bytes long, the limit is {limit}", bytes.len());
        return Err(Refused::of(Reason::PayloadTooLarge, said));
    }
    if bytes.is_empty() {
        return Err(empty("the request has no body"));
    }
    let json: Value = serde_json::from_slice(bytes).map_err(|_| empty("the payload is no JSON"))?;
    let aps = json
        .get("aps")
        .and_then(Value::as_object)
        .ok_or_else(|| empty("the payload has no `aps` object"))?;
    let alert = aps.get("alert");
    match wanted.push_type.as_str() {
        "alert"
            if !["alert", "badge", "sound"]
                .iter()
                .any(|key| aps.contains_key(*key)) =>
        {
            return Err(empty("an alert needs `alert`, `badge` or `sound` in `aps`"));
        }
        "background" if aps.get("content-available") != Some(&1.into()) => {
            return Err(empty("a background push needs `content-available: 1`"));
        }
        _ => {}
    }
    let (title, body) = shown(alert)?;
    Ok(Payload { title, body, json })
}

fn shown(alert: Option<&Value>) -> Result<(String, String), Refused> {
    match alert {
        None => Ok(Default::default()),
        Some(Value::String(text)) => Ok((String::new(), text.clone())),
        Some(Value::Object(alert)) => {
            let text = |key: &str| {
                alert
                    .get(key)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let subtitle = text("subtitle");
            let body = if subtitle.is_empty() {
                text("body")
            } else {
                format!("{subtitle}\n{}", text("body"))
            };
            Ok((text("title"), body))
        }
        Some(_) => Err(empty("`aps.alert` is neither a text nor an object")),
    }
}

/// Apple has no reason of its own for a payload that can't be read.
fn empty(explanation: &str) -> Refused {
    Refused::of(Reason::PayloadEmpty, explanation)
}
