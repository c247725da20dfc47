//! The headers and the body of a notification.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::Value;

use super::answer::Refused;
use super::toast;
use crate::providers::exchange::header;

const LIMIT_BYTES: usize = 5_000;
const TAG_LIMIT: usize = 16;
const OPTIONS: [&str; 8] = [
    "x-wns-type",
    "x-wns-ttl",
    "x-wns-tag",
    "x-wns-group",
    "x-wns-cache-policy",
    "x-wns-requestforstatus",
    "x-wns-suppresspopup",
    "x-wns-priority",
];

/// What the headers ask for.
pub(super) struct Wanted {
    kind: String,
    pub(super) tag: Option<String>,
    pub(super) options: BTreeMap<String, String>,
}

/// What the PC would show.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) body: String,
    pub(super) payload: Value,
}

pub(super) fn headers(headers: &HeaderMap) -> Result<Wanted, Refused> {
    let length = header(headers, "content-length").and_then(|length| length.parse::<usize>().ok());
    if headers.contains_key("transfer-encoding") || length.is_none() {
        return Err(Refused::new(
            411,
            "WNS wants a Content-Length and takes no chunked body",
        ));
    }
    if length.is_some_and(|length| length > LIMIT_BYTES) {
        return Err(Refused::new(413, "a notification has at most 5,000 bytes"));
    }
    let kind = header(headers, "x-wns-type").unwrap_or_default();
    let content = header(headers, "content-type").unwrap_or_default();
    let wanted_content = match kind {
        "wns/toast" | "wns/tile" | "wns/badge" => "text/xml",
        "wns/raw" => "application/octet-stream",
        _ => {
            return Err(Refused::new(
                400,
                "X-WNS-Type is wns/toast, wns/tile, wns/badge or wns/raw",
            ));
        }
    };
    if content.split(';').next().map(str::trim) != Some(wanted_content) {
        return Err(Refused::new(
            400,
            format!("a {kind} has Content-Type: {wanted_content}"),
        ));
    }
    let tag = short(headers, "x-wns-tag")?;
    short(headers, "x-wns-group")?;
    if headers.contains_key("x-wns-ttl")
        && header(headers, "x-wns-ttl")
            .and_then(|ttl| ttl.parse::<u32>().ok())
            .is_none()
    {
        return Err(Refused::new(400, "X-WNS-TTL is a number of seconds"));
    }
    if headers.contains_key("x-wns-priority")
        && !matches!(header(headers, "x-wns-priority"), Some("1" | "2" | "3" | "4"))
    {
        return Err(Refused::new(400, "X-WNS-PRIORITY is a number from 1 to 4"));
    }
    let options = OPTIONS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), header(headers, name)?.to_owned())));
    Ok(Wanted {
        kind: kind.to_owned(),
        tag,
        options: options.collect(),
    })
}

fn short(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let value = value.to_str().unwrap_or_default();
    if value.is_empty() || value.len() > TAG_LIMIT || !value.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return Err(Refused::new(
            400,
            format!("{name} has 1 to 16 letters and digits"),
        ));
    }
    Ok(Some(value.to_owned()))
}

pub(super) fn body(wanted: &Wanted, bytes: &[u8]) -> Result<Shown, Refused> {
    if bytes.len() > LIMIT_BYTES {
        return Err(Refused::new(413, "a notification has at most 5,000 bytes"));
    }
    if wanted.kind == "wns/raw" {
        let payload = String::from_utf8_lossy(bytes).into_owned();
        return Ok(Shown {
            title: String::new(),
            body: String::new(),
            payload: payload.into(),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::new(400, "the XML is not UTF-8"))?;
    let root = wanted.kind.trim_start_matches("wns/");
    let lines = toast::lines(root, text).map_err(|why| Refused::new(400, why))?;
    let mut lines = lines.into_iter();
    Ok(Shown {
        title: lines.next().unwrap_or_default(),
        body: lines.collect::<Vec<_>>().join("\n"),
        payload: text.into(),
    })
}
