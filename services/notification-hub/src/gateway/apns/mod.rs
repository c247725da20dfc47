//! Apple Push Notification service: HTTP/2, one signed token for all, one request per push.

mod answer;
mod token;

use std::collections::HashMap;

use a2::request::payload::{Payload, PayloadLike};
use a2::{
    CollapseId, DefaultNotificationBuilder, NotificationBuilder, NotificationOptions, Priority, PushType,
};
use jiff::Timestamp;
use reqwest::{RequestBuilder, Response};
use storage::Channel;
use url::Url;

pub use self::token::ProviderKey;
use super::pool::Pool;
use super::transport::retry_after;
use super::{Answer, Gateway, Kind, Push, collapse};

/// What APNs takes at most.
const LIMIT_BYTES: usize = 4_096;

/// How APNs is reached.
#[derive(Debug)]
pub struct Config {
    /// Who sends.
    pub key: ProviderKey,
    /// The app's bundle id.
    pub topic: String,
    /// The bundle ids of further apps, by the names that devices are registered under.
    pub app_topics: HashMap<String, String>,
    /// Where devices of the production environment are reached.
    pub production: Url,
    /// Where devices of the development environment are reached.
    pub development: Url,
}

/// The gateway to APNs.
#[derive(Debug)]
pub struct Apns {
    config: Config,
    pool: Pool,
}

impl Apns {
    /// A gateway over `pool`.
    pub fn new(config: Config, pool: Pool) -> Self {
        Self { config, pool }
    }

    fn address(&self, push: &Push, token: &str) -> Result<Url, Answer> {
        let base = match push.environment.as_str() {
            "development" => &self.config.development,
            _ => &self.config.production,
        };
        base.join(&format!("3/device/{token}"))
            .map_err(|error| Answer::Barred {
                why: format!("the base address of APNs can't be used: {error}"),
            })
    }

    fn request(&self, push: &Push, now: Timestamp) -> Result<RequestBuilder, Answer> {
        let token = device_token(&push.channel)?;
        let address = self.address(push, token)?;
        let id = push.id.to_string();
        let collapse = collapse::collapse_id(&push.collapse);
        let topic = self
            .config
            .app_topics
            .get(&push.app)
            .unwrap_or(&self.config.topic);
        let payload = payload(push, token, &id, &collapse, topic).map_err(|error| Answer::Refused {
            why: format!("the payload can't be written: {error}"),
        })?;
        let body = payload.to_json_string().map_err(|error| Answer::Refused {
            why: format!("the payload can't be written: {error}"),
        })?;
        if body.len() > LIMIT_BYTES {
            return Err(Answer::too_long(body.len(), LIMIT_BYTES));
        }
        let signed = self.config.key.token(now).map_err(|error| Answer::Barred {
            why: error.to_string(),
        })?;
        let request = self
            .pool
            .client()
            .post(address)
            .bearer_auth(signed)
            .header("content-type", "application/json");
        Ok(with_options(request, payload.get_options()).body(body))
    }

    async fn once(&self, push: &Push, now: Timestamp) -> Answer {
        let request = match self.request(push, now) {
            Ok(request) => request,
            Err(answer) => return answer,
        };
        match self.pool.send(request).await {
            Ok(response) => read(response, now).await,
            Err(error) => Answer::of_transport(&error),
        }
    }
}

impl Gateway for Apns {
    async fn send(&self, push: &Push, now: Timestamp) -> Answer {
        let answer = self.once(push, now).await;
        // The token is made from the clock: a minute on, it is another one only where the first was at its end.
        match &answer {
            Answer::Barred { why } if why.contains(answer::EXPIRED) => {
                self.once(push, self.config.key.next_turn(now)).await
            }
            _ => answer,
        }
    }
}

async fn read(response: Response, now: Timestamp) -> Answer {
    let status = response.status().as_u16();
    let wait = retry_after(&response, now);
    let id = response
        .headers()
        .get("apns-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    if status == 200 {
        return Answer::Sent { id };
    }
    // The status alone is enough to go by where the body is cut off.
    let body = response.bytes().await.unwrap_or_default();
    answer::classify(status, &body, wait)
}

/// The device token, which is hexadecimal and nothing else: it becomes part of an address.
fn device_token(channel: &Channel) -> Result<&str, Answer> {
    match channel {
        Channel::Apns { token } if is_token(token) => Ok(token),
        _ => Err(Answer::Refused {
            why: "the channel is no APNs device token".into(),
        }),
    }
}

fn is_token(token: &str) -> bool {
    (2..=200).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn payload<'a>(
    push: &'a Push,
    token: &'a str,
    id: &'a str,
    collapse: &'a str,
    topic: &'a str,
) -> Result<Payload<'a>, a2::Error> {
    let (push_type, urgent) = match push.kind {
        Kind::Alert => (PushType::Alert, push.urgent),
        // Apple takes no other priority for it.
        Kind::Background => (PushType::Background, false),
    };
    let options = NotificationOptions {
        apns_id: Some(id),
        apns_push_type: Some(push_type),
        apns_expiration: u64::try_from(push.deadline.as_second()).ok(),
        apns_priority: Some(if urgent { Priority::High } else { Priority::Normal }),
        apns_topic: Some(topic),
        apns_collapse_id: Some(CollapseId::new(collapse)?),
    };
    let builder = match push.kind {
        Kind::Alert => DefaultNotificationBuilder::new()
            .title(push.text.title.as_str())
            .body(push.text.body.as_str())
            .sound("default")
            .thread_id(collapse),
        Kind::Background => DefaultNotificationBuilder::new().content_available(),
    };
    let mut payload = builder.build(token, options);
    for (name, value) in &push.data {
        // Apple's own object is no place for an app's data.
        if name != "aps" {
            payload.add_custom_data(name.as_str(), value)?;
        }
    }
    Ok(payload)
}

fn with_options(request: RequestBuilder, options: &NotificationOptions<'_>) -> RequestBuilder {
    let headers = [
        ("apns-id", options.apns_id.map(str::to_owned)),
        (
            "apns-push-type",
            options.apns_push_type.map(|kind| kind.to_string()),
        ),
        (
            "apns-expiration",
            options.apns_expiration.map(|at| at.to_string()),
        ),
        (
            "apns-priority",
            options.apns_priority.as_ref().map(ToString::to_string),
        ),
        ("apns-topic", options.apns_topic.map(str::to_owned)),
        (
            "apns-collapse-id",
            options.apns_collapse_id.as_ref().map(|id| id.value.to_owned()),
        ),
    ];
    headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .fold(request, |request, (name, value)| request.header(name, value))
}

#[cfg(test)]
mod tests;
