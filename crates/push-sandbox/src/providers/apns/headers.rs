//! The `apns-*` headers of a request.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use uuid::Uuid;

use super::reason::{Reason, Refused};
use crate::providers::exchange::header;
use crate::random;

const COLLAPSE_ID_LIMIT_BYTES: usize = 64;
const KNOWN: [&str; 7] = [
    "authorization",
    "apns-collapse-id",
    "apns-expiration",
    "apns-id",
    "apns-priority",
    "apns-push-type",
    "apns-topic",
];
const PUSH_TYPES: [&str; 11] = [
    "alert",
    "background",
    "complication",
    "controls",
    "fileprovider",
    "liveactivity",
    "location",
    "mdm",
    "pushtotalk",
    "voip",
    "widgets",
];

/// What the headers ask for.
pub(super) struct Wanted {
    pub(super) push_type: String,
    pub(super) collapse_id: Option<String>,
    pub(super) options: BTreeMap<String, String>,
}

/// The request's `apns-id`, or a new one as Apple makes it.
pub(super) fn id(headers: &HeaderMap) -> Result<Uuid, Refused> {
    let Some(id) = headers.get("apns-id") else {
        return Ok(random::uuid());
    };
    let text = id.to_str().unwrap_or_default();
    let canonical = text.len() == 36;
    let id = Uuid::try_parse(text).ok().filter(|_| canonical);
    id.ok_or(Refused::of(
        Reason::BadMessageId,
        "`apns-id` is no UUID of the form 8-4-4-4-12",
    ))
}

pub(super) fn read(headers: &HeaderMap, topic: &str) -> Result<Wanted, Refused> {
    if let Some(name) = KNOWN
        .iter()
        .find(|name| headers.get_all(**name).iter().count() > 1)
    {
        return Err(Refused::of(
            Reason::DuplicateHeaders,
            format!("`{name}` is there twice"),
        ));
    }
    id(headers)?;
    match header(headers, "apns-topic") {
        None => return Err(Refused::of(Reason::MissingTopic, "no `apns-topic` header")),
        Some(wanted) if wanted != topic => {
            return Err(Refused::of(
                Reason::TopicDisallowed,
                format!("the team has no app `{wanted}`"),
            ));
        }
        Some(_) => {}
    }
    let push_type = push_type(headers)?;
    expiration(headers)?;
    priority(headers, &push_type)?;
    let collapse_id = collapse_id(headers)?;
    let options = KNOWN
        .iter()
        .filter(|name| **name != "authorization")
        .filter_map(|name| {
            let value = header(headers, name)?;
            Some(((*name).to_owned(), value.to_owned()))
        });
    Ok(Wanted {
        push_type,
        collapse_id,
        options: options.collect(),
    })
}

fn push_type(headers: &HeaderMap) -> Result<String, Refused> {
    let push_type = header(headers, "apns-push-type").unwrap_or_default();
    if PUSH_TYPES.contains(&push_type) {
        return Ok(push_type.to_owned());
    }
    Err(Refused::of(
        Reason::InvalidPushType,
        "`apns-push-type` is missing or none of Apple's",
    ))
}

fn expiration(headers: &HeaderMap) -> Result<(), Refused> {
    match headers.get("apns-expiration") {
        Some(value)
            if value
                .to_str()
                .ok()
                .and_then(|value| value.parse::<u64>().ok())
                .is_none() =>
        {
            Err(Refused::of(
                Reason::BadExpirationDate,
                "`apns-expiration` is no time in seconds since 1970",
            ))
        }
        _ => Ok(()),
    }
}

fn priority(headers: &HeaderMap, push_type: &str) -> Result<(), Refused> {
    match (
        headers.get("apns-priority").map(|value| value.as_bytes()),
        push_type,
    ) {
        (Some(b"10"), "background") | (None, "background") => Err(Refused::of(
            Reason::BadPriority,
            "a background push needs `apns-priority: 5`",
        )),
        (None | Some(b"1" | b"5" | b"10"), _) => Ok(()),
        _ => Err(Refused::of(Reason::BadPriority, "`apns-priority` is 1, 5 or 10")),
    }
}

fn collapse_id(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get("apns-collapse-id") else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(id) if !id.is_empty() && id.len() <= COLLAPSE_ID_LIMIT_BYTES => Ok(Some(id.to_owned())),
        _ => Err(Refused::of(
            Reason::BadCollapseId,
            "`apns-collapse-id` has 1 to 64 bytes",
        )),
    }
}
