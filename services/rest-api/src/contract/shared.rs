//! What many operations share is said once: parameters, headers, and the schemas of what is read by hand.

use serde_json::{Map, Value, json};

use super::{fields_of, items_of, operations};

/// Completes parameters and headers by their names, and adds what no type stands for.
pub(super) fn complete(document: &mut Value) {
    for (path, _, operation) in operations(document) {
        for parameter in items_of(operation, "parameters") {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            add(parameter, parameter_of(&path, &name));
        }
        if let Some(body) = operation.get_mut("requestBody") {
            sent_or_left_out(body);
        }
        for answer in fields_of(operation, "responses") {
            let headers = answer.1.as_object_mut();
            let headers = headers.map(|answer| answer.entry("headers").or_insert_with(|| json!({})));
            if let Some(headers) = headers {
                headers["X-Request-Id"] = json!({});
                if path.starts_with("/v1/") {
                    headers["RateLimit"] = json!({});
                    headers["RateLimit-Policy"] = json!({});
                }
                for (name, header) in headers.as_object_mut().into_iter().flatten() {
                    *header = self::header(name);
                }
            }
        }
    }
    for (_, schema) in fields_of(&mut document["components"], "schemas") {
        for (_, field) in fields_of(schema, "properties") {
            say_default(field);
        }
    }
    document["components"]["headers"] = headers();
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "description": "A guest's token of POST /v1/guest-sessions, or an access token of POST /v1/sign-up, /v1/sign-in or /v1/token." }
    });
    add(&mut document["components"]["schemas"], installations());
}

/// A body that may be left out is not null in its place, as utoipa has it; any other has to be sent.
fn sent_or_left_out(body: &mut Value) {
    let Some((_, content)) = fields_of(body, "content").next() else {
        return;
    };
    let schema = &mut content["schema"];
    match schema.get_mut("oneOf").map(|choices| choices[0].take()) {
        Some(content) => *schema = content,
        None => body["required"] = json!(true),
    }
}

/// Says a default in words: generators take a field that has one for a field that is always sent. What a field is read as so that its
/// absence can be named is no default.
fn say_default(field: &mut Value) {
    let Value::Object(field) = field else { return };
    let Some(default) = field.remove("default").filter(|default| !is_nothing(default)) else {
        return;
    };
    let described = field.get("description").and_then(Value::as_str);
    let words = format!(
        "{} {default} where it is not sent.",
        described.unwrap_or_default()
    );
    field.insert("description".to_owned(), json!(words.trim_start()));
}

/// Whether nothing stands there, or nothing in each of its fields.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Adds fields of an object, in place of those it has.
fn add(object: &mut Value, fields: Value) {
    if let (Value::Object(object), Value::Object(fields)) = (object, fields) {
        object.extend(fields);
    }
}

fn parameter_of(path: &str, name: &str) -> Value {
    match name {
        "Idempotency-Key" => json!({
            "required": true,
            "description": "A random key (a UUID will do), made for each new request and sent again with every retry of it.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$" },
            "example": "7d0c0f0e-5b0f-4f3c-9d3f-6f0a8c1b2d3e",
        }),
        "If-None-Match" => json!({
            "required": false,
            "description": "The ETag of what the client has: 304 where it is still so. For an order it is also a floor: no older version is answered.",
            "schema": { "type": "string" },
            "example": "\"2\"",
        }),
        "If-Match" => json!({
            "required": true,
            "description": "The ETag of what was read: nothing is changed where it has changed since. `*` for whatever is there.",
            "schema": { "type": "string" },
            "example": "\"2\"",
        }),
        "Last-Event-ID" => json!({
            "required": false,
            "description": "The id of the last event that was seen: what came after it follows.",
            "schema": { "type": "string", "pattern": "^[0-9]{0,9}$" },
            "example": "1",
        }),
        "Prefer" => json!({
            "required": false,
            "description": "`wait=5` (RFC 7240): answer once the order is settled, or after 5 seconds; 10 at most.",
            "schema": { "type": "string" },
            "example": "wait=5",
        }),
        "installation_id" => json!({ "description": "The device's own UUID." }),
        "id" if path.starts_with("/v1/me/addresses/") => json!({ "description": "The entry's id." }),
        "id" if path.starts_with("/v1/me/sessions/") => json!({ "description": "The session's id." }),
        "id" if path.starts_with("/v1/wishes/") => json!({ "description": "The wish's id." }),
        "id" => json!({ "description": "The order's id." }),
        "limit" => json!({
            "description": "How many to a page.",
            "schema": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20 },
        }),
        "cursor" => json!({
            "description": "The `next` of an earlier page by the same filters.",
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]+$" },
        }),
        _ => json!({}),
    }
}

/// What stands in the headers of answers.
const HEADERS: [(&str, &str); 9] = [
    ("ETag", "The version of what is answered."),
    (
        "Idempotent-Replayed",
        "`true` where this is the answer to an earlier request under the same key.",
    ),
    ("Location", "The address of what this is about."),
    ("Preference-Applied", "How long was waited at most."),
    (
        "RateLimit",
        "How much is left by each limit: `r` requests, all of them again after `t` seconds.",
    ),
    (
        "RateLimit-Policy",
        "Each limit: `q` requests in `w` seconds (draft-ietf-httpapi-ratelimit-headers).",
    ),
    ("Retry-After", "After how many seconds to send the request again."),
    ("WWW-Authenticate", "That a bearer token is wanted (RFC 6750)."),
    ("X-Request-Id", "The request's id, by which the logs know it."),
];

fn headers() -> Value {
    let headers = HEADERS.iter().map(|(name, words)| {
        let header = json!({ "description": words, "schema": { "type": "string" } });
        ((*name).to_owned(), header)
    });
    Value::Object(headers.collect())
}

/// Where a header is described.
pub(super) fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// A device as it says of itself: the channel goes with the platform.
fn installations() -> Value {
    let channels = [
        (
            "ApnsInstallationDraft",
            "apns",
            "Apple Push Notification service.",
            json!({ "token": { "type": "string", "pattern": "^[0-9A-Fa-f]{64,200}$", "description": "The device token, hexadecimal.", "examples": ["00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"] } }),
        ),
        (
            "FcmInstallationDraft",
            "fcm",
            "Firebase Cloud Messaging.",
            json!({
                "kind": { "type": "string", "enum": ["token", "fid"], "description": "Whether the value is a registration token or an installation id.", "examples": ["token"] },
                "value": { "type": "string", "pattern": "^[!-~]{10,4096}$", "examples": ["bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1"] }
            }),
        ),
        (
            "WnsInstallationDraft",
            "wns",
            "Windows Push Notification Services.",
            json!({ "uri": { "type": "string", "maxLength": 2000, "pattern": "^https://([a-z0-9]+[.])?notify[.]windows[.]com/[A-Za-z0-9/?=&._~-]*$", "description": "The channel's address.", "examples": ["https://db5.notify.windows.com/?token=AwYAAAB"] } }),
        ),
        (
            "WebPushInstallationDraft",
            "webpush",
            "A browser, by Web Push.",
            subscription(),
        ),
    ];
    let mut schemas = Map::new();
    let (mut choices, mut mapping) = (Vec::new(), Map::new());
    for (name, platform, words, channel) in channels {
        let address = format!("#/components/schemas/{name}");
        mapping.insert(platform.to_owned(), json!(address));
        choices.push(json!({ "$ref": address }));
        schemas.insert(name.to_owned(), draft(platform, words, &channel));
    }
    let whole = json!({
        "description": "A device that wants to be told.",
        "oneOf": choices,
        "discriminator": { "propertyName": "platform", "mapping": mapping },
    });
    schemas.insert("InstallationDraft".to_owned(), whole);
    Value::Object(schemas)
}

/// What `PushSubscription.toJSON` gives.
fn subscription() -> Value {
    json!({
        "endpoint": { "type": "string", "maxLength": 2000, "pattern": "^https://([a-z][a-z0-9]*[.])+[a-z]{2,20}/[A-Za-z0-9/_-]*$", "description": "Where its messages are posted.", "examples": ["https://updates.push.services.mozilla.com/wpush/v2/gAAAA"] },
        "expirationTime": { "type": ["integer", "null"], "minimum": 0, "description": "As the browser gives it; it is not looked at." },
        "keys": {
            "type": "object",
            "description": "What its messages are encrypted with (RFC 8291).",
            "additionalProperties": false,
            "required": ["p256dh", "auth"],
            "properties": {
                "p256dh": { "type": "string", "pattern": "^[A-Za-z0-9_-]{87}$", "description": "The public key: an uncompressed point of P-256 in base64url.", "examples": ["BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"] },
                "auth": { "type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$", "description": "The secret: 16 bytes in base64url.", "examples": ["BTBZMqHH6r4Tts7J_aSIgg"] },
            },
        },
    })
}

fn draft(platform: &str, words: &str, channel: &Value) -> Value {
    let names: Vec<_> = channel
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, field)| !field["type"].is_array())
        .map(|(name, _)| name)
        .collect();
    json!({
        "type": "object",
        "description": words,
        "additionalProperties": false,
        "required": ["app", "platform", "channel"],
        "properties": {
            "app": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,60}$", "description": "Which app it is.", "examples": ["shop"] },
            "platform": { "type": "string", "enum": [platform] },
            "environment": { "type": "string", "enum": ["production", "development"], "description": "\"production\" where it is not sent." },
            "channel": { "type": "object", "description": "Where the device is reached.", "additionalProperties": false, "required": names, "properties": channel },
            "locale": { "type": "string", "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$", "description": "A language tag (BCP 47). \"en\" where it is not sent." },
            "tags": {
                "type": "array", "maxItems": 60, "description": "What campaigns choose devices by. None where they are not sent.",
                "items": {
                    "type": "string", "pattern": "^[A-Za-z0-9_@#.:-]{1,120}$", "examples": ["follows:sku-1"],
                    "description": "Those that begin with `account:`, `guest:`, `platform:`, `locale:` and `app:` go without saying.",
                },
            },
            "expires_at": { "type": ["string", "null"], "format": "date-time", "description": "Until when the channel is good, where the platform says so. A channel of WNS is for 30 days at most." },
        },
    })
}
