//! What a service worker is handed, in JSON: `title` and `body` to show, `tag` to replace by, `data` for the app.

use serde_json::{Map, Value, json};

use super::encrypt::TEXT_BYTES;
use super::{Answer, Kind, Push};

/// The text of the message. Without `title` there is nothing to show.
pub(super) fn payload(push: &Push) -> Result<Vec<u8>, Answer> {
    let data: Map<String, Value> = push
        .data
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let mut payload = json!({"tag": push.collapse, "data": data});
    if push.kind == Kind::Alert {
        payload["title"] = push.text.title.as_str().into();
        payload["body"] = push.text.body.as_str().into();
    }
    let text = payload.to_string().into_bytes();
    if text.len() > TEXT_BYTES {
        return Err(Answer::too_long(text.len(), TEXT_BYTES));
    }
    Ok(text)
}
