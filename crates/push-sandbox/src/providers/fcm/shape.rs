//! The fields HTTP v1 knows. Google refuses any other; a name may be in snake or camel case.

use serde_json::{Map, Value};

use super::status::Status;

pub(super) const REQUEST: &[&str] = &["validate_only", "message"];
pub(super) const MESSAGE: &[&str] = &[
    "name",
    "data",
    "notification",
    "android",
    "webpush",
    "apns",
    "fcm_options",
    "token",
    "fid",
    "topic",
    "condition",
];
pub(super) const FCM_OPTIONS: &[&str] = &["analytics_label"];
pub(super) const NOTIFICATION: &[&str] = &["title", "body", "image"];
pub(super) const ANDROID: &[&str] = &[
    "collapse_key",
    "priority",
    "ttl",
    "restricted_package_name",
    "data",
    "notification",
    "fcm_options",
    "direct_boot_ok",
    "bandwidth_constrained_ok",
    "restricted_satellite_ok",
];
pub(super) const ANDROID_NOTIFICATION: &[&str] = &[
    "title",
    "body",
    "icon",
    "color",
    "sound",
    "tag",
    "click_action",
    "body_loc_key",
    "body_loc_args",
    "title_loc_key",
    "title_loc_args",
    "channel_id",
    "ticker",
    "sticky",
    "event_time",
    "local_only",
    "notification_priority",
    "default_sound",
    "default_vibrate_timings",
    "default_light_settings",
    "vibrate_timings",
    "visibility",
    "notification_count",
    "light_settings",
    "image",
    "bypass_proxy_notification",
    "proxy",
];

/// The object's fields under their snake-case names.
pub(super) fn object(value: &Value, at: &str, known: &[&str]) -> Result<Map<String, Value>, Status> {
    let Some(fields) = value.as_object() else {
        return Err(Status::malformed(at, format!("Invalid value at '{at}', {value}")));
    };
    let mut read = Map::new();
    for (name, value) in fields {
        let snake = snake(name);
        if !known.contains(&snake.as_str()) {
            let place = if at.is_empty() {
                String::new()
            } else {
                format!(" at '{at}'")
            };
            let said =
                format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field.");
            return Err(Status::malformed(at, said));
        }
        read.insert(snake, value.clone());
    }
    Ok(read)
}

/// The text of a field; none when it is missing.
pub(super) fn text(fields: &Map<String, Value>, name: &str, at: &str) -> Result<Option<String>, Status> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(not_text(&format!("{at}.{name}"), other)),
    }
}

pub(super) fn not_text(field: &str, value: &Value) -> Status {
    Status::malformed(
        field,
        format!("Invalid value at '{field}' (TYPE_STRING), {value}"),
    )
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
