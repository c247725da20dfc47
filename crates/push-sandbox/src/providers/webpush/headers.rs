//! The headers of a message: `TTL`, `Topic` and `Urgency` (RFC 8030, section 5).

use std::collections::BTreeMap;

use axum::http::HeaderMap;

use super::answer::Refused;
use crate::providers::exchange::header;

const TOPIC_LIMIT: usize = 32;
/// Thirty days: a longer time is cut down to it.
const LONGEST_TTL_SECONDS: u32 = 2_592_000;
const URGENCIES: [&str; 4] = ["very-low", "low", "normal", "high"];
const OPTIONS: [&str; 4] = ["ttl", "topic", "urgency", "content-encoding"];

/// What the headers ask for.
pub(super) struct Wanted {
    pub(super) ttl: u32,
    pub(super) topic: Option<String>,
    pub(super) options: BTreeMap<String, String>,
}

pub(super) fn read(headers: &HeaderMap) -> Result<Wanted, Refused> {
    if !headers.contains_key("ttl") {
        return Err(Refused::new(400, Some(111), "no `TTL` header"));
    }
    let ttl = header(headers, "ttl").and_then(|ttl| ttl.parse::<u32>().ok());
    let ttl = ttl.ok_or_else(|| Refused::new(400, Some(112), "`TTL` is a number of seconds"))?;
    if headers.contains_key("urgency")
        && !header(headers, "urgency").is_some_and(|urgency| URGENCIES.contains(&urgency))
    {
        let said = "`Urgency` is very-low, low, normal or high";
        return Err(Refused::new(400, None, said));
    }
    let options = OPTIONS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), header(headers, name)?.to_owned())));
    Ok(Wanted {
        ttl: ttl.min(LONGEST_TTL_SECONDS),
        topic: topic(headers)?,
        options: options.collect(),
    })
}

fn topic(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    let Some(value) = headers.get("topic") else {
        return Ok(None);
    };
    let topic = value.to_str().unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if (1..=TOPIC_LIMIT).contains(&topic.len()) && topic.bytes().all(allowed) {
        return Ok(Some(topic.to_owned()));
    }
    let said = "`Topic` has 1 to 32 characters of base64url";
    Err(Refused::new(400, Some(113), said))
}
