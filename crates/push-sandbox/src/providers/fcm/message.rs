//! A `messages:send` body, read as strictly as Google reads it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{self, object, text};
use super::status::Status;

const LIMIT_BYTES: usize = 4096;
const LONGEST_TTL_SECONDS: f64 = 2_419_200.0;

/// A good message and whom it is for.
pub(super) struct Addressed {
    pub(super) kind: &'static str,
    pub(super) address: String,
    pub(super) validate_only: bool,
    pub(super) collapse_key: Option<String>,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) options: BTreeMap<String, String>,
    pub(super) message: Value,
}

impl Addressed {
    /// Whether the target has the form of one that some device might have had.
    pub(super) fn looks_real(&self) -> bool {
        match self.kind {
            "fid" => self.address.len() == 22,
            _ => self
                .address
                .split_once(':')
                .is_some_and(|(_, rest)| rest.starts_with("APA91b") && rest.len() > 100),
        }
    }
}

pub(super) fn read(content_type: Option<&str>, bytes: &[u8]) -> Result<Addressed, Status> {
    if !content_type.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Status::malformed(
            "",
            "Invalid JSON payload received. Content-Type is not application/json.",
        ));
    }
    let json: Value = serde_json::from_slice(bytes)
        .map_err(|error| Status::malformed("", format!("Invalid JSON payload received. {error}")))?;
    let request = object(&json, "", shape::REQUEST)?;
    let message = request
        .get("message")
        .ok_or_else(|| Status::invalid("message", "The message is not set."))?;
    let fields = object(message, "message", shape::MESSAGE)?;
    let (kind, address) = target(&fields)?;
    let notification = part(
        &fields,
        "notification",
        "message.notification",
        shape::NOTIFICATION,
    )?;
    let android = part(&fields, "android", "message.android", shape::ANDROID)?;
    let shown = part(
        &android,
        "notification",
        "message.android.notification",
        shape::ANDROID_NOTIFICATION,
    )?;
    let data_bytes = data(&fields, "message.data")? + data(&android, "message.android.data")?;
    let line = |name: &str| -> Result<String, Status> {
        let own = text(&shown, name, "message.android.notification")?;
        let general = text(&notification, name, "message.notification")?;
        Ok(own.or(general).unwrap_or_default())
    };
    let (title, body) = (line("title")?, line("body")?);
    if data_bytes + length(&notification) + length(&shown) > LIMIT_BYTES {
        return Err(Status::too_large());
    }
    let mut options = options(&android)?;
    if let Some(channel) = text(&shown, "channel_id", "message.android.notification")? {
        options.insert("channel_id".to_owned(), channel);
    }
    options.extend(label(&fields)?.map(|label| ("analytics_label".to_owned(), label)));
    Ok(Addressed {
        kind,
        address,
        validate_only: request.get("validate_only") == Some(&Value::Bool(true)),
        collapse_key: text(&android, "collapse_key", "message.android")?,
        options,
        title,
        body,
        message: message.clone(),
    })
}

fn target(message: &Map<String, Value>) -> Result<(&'static str, String), Status> {
    let kinds = ["token", "fid", "topic", "condition"];
    let named: Vec<_> = kinds
        .into_iter()
        .filter(|kind| message.contains_key(*kind))
        .collect();
    match named.as_slice() {
        [] => Err(Status::invalid("message", "Recipient of the message is not set.")),
        [kind @ ("token" | "fid")] => {
            let address = text(message, kind, "message")?.unwrap_or_default();
            if address.is_empty() {
                Err(Status::invalid_target(kind))
            } else {
                Ok((kind, address))
            }
        }
        [kind] => Err(Status::invalid(
            kind,
            "The push sandbox has no topics; send to a token or fid.",
        )),
        _ => Err(Status::malformed(
            "message",
            "oneof field 'target' is already set.",
        )),
    }
}

fn part(
    parent: &Map<String, Value>,
    name: &str,
    at: &str,
    known: &[&str],
) -> Result<Map<String, Value>, Status> {
    parent
        .get(name)
        .map_or_else(|| Ok(Map::new()), |value| object(value, at, known))
}

/// The bytes of all keys and values.
fn data(parent: &Map<String, Value>, at: &str) -> Result<usize, Status> {
    let Some(value) = parent.get("data") else {
        return Ok(0);
    };
    let fields = value
        .as_object()
        .ok_or_else(|| Status::malformed(at, format!("Invalid value at '{at}'")))?;
    let mut bytes = 0;
    for (index, (key, value)) in fields.iter().enumerate() {
        let text = value
            .as_str()
            .ok_or_else(|| shape::not_text(&format!("{at}[{index}].value"), value))?;
        if key == "from" || key == "message_type" || key.starts_with("google") || key.starts_with("gcm") {
            return Err(Status::invalid(at, format!("Invalid data payload key: {key}")));
        }
        bytes += key.len() + text.len();
    }
    Ok(bytes)
}

/// The label of Google's analytics: 1 to 50 letters, digits and four more characters.
fn label(message: &Map<String, Value>) -> Result<Option<String>, Status> {
    let options = part(message, "fcm_options", "message.fcm_options", shape::FCM_OPTIONS)?;
    let label = text(&options, "analytics_label", "message.fcm_options")?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte);
    match label {
        Some(label) if !(1..=50).contains(&label.len()) || !label.bytes().all(allowed) => {
            let said = "Invalid analytics label: it must match ^[a-zA-Z0-9-_.~%]{1,50}$.";
            Err(Status::invalid("message.fcm_options.analytics_label", said))
        }
        label => Ok(label),
    }
}

fn length(fields: &Map<String, Value>) -> usize {
    fields
        .iter()
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum()
}

fn options(android: &Map<String, Value>) -> Result<BTreeMap<String, String>, Status> {
    let mut options = BTreeMap::new();
    if let Some(priority) = text(android, "priority", "message.android")? {
        if !["NORMAL", "HIGH"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&priority))
        {
            let said = format!("Invalid value at 'message.android.priority', \"{priority}\"");
            return Err(Status::malformed("message.android.priority", said));
        }
        options.insert("priority".to_owned(), priority);
    }
    if let Some(ttl) = text(android, "ttl", "message.android")? {
        let seconds = ttl
            .strip_suffix('s')
            .and_then(|number| number.parse::<f64>().ok());
        let seconds = seconds.filter(|seconds| seconds.is_finite());
        let Some(seconds) = seconds else {
            let said = format!("Invalid value at 'message.android.ttl', \"{ttl}\"");
            return Err(Status::malformed("message.android.ttl", said));
        };
        if !(0.0..=LONGEST_TTL_SECONDS).contains(&seconds) {
            let said = "Invalid TTL value: it must be from 0 to 2419200 seconds.";
            return Err(Status::invalid("message.android.ttl", said));
        }
        options.insert("ttl".to_owned(), ttl);
    }
    Ok(options)
}
