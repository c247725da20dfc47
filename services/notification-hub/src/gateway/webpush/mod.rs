//! Web Push: RFC 8030, with messages that only the browser can read (RFC 8291) and a token that says who sends (RFC 8292).

mod answer;
mod encrypt;
mod endpoint;
mod payload;
mod resolver;
mod vapid;

use jiff::Timestamp;
use reqwest::{RequestBuilder, Response};
use storage::Channel;
use url::Url;

use self::encrypt::Keys;
pub(super) use self::resolver::{NotPublic, PublicOnly};
pub use self::vapid::Vapid;
use super::pool::Pool;
use super::transport::{beginning, caused_by, retry_after};
use super::{Answer, Gateway, Kind, Push, collapse};

/// So much of an answer's body is read: the push service may be anybody's.
const SAID_BYTES: usize = 300;

/// The gateway to browsers, whichever push service theirs is.
#[derive(Debug)]
pub struct WebPush {
    vapid: Vapid,
    pool: Pool,
}

impl WebPush {
    /// A gateway over `pool`, which must speak [`super::transport::Speaks::Public`].
    pub fn new(vapid: Vapid, pool: Pool) -> Self {
        Self { vapid, pool }
    }

    fn request(&self, push: &Push, to: &Subscription, now: Timestamp) -> Result<RequestBuilder, Answer> {
        let text = payload::payload(push)?;
        let body = encrypt::encrypted(&to.keys, &text).map_err(|_| Answer::Refused {
            why: "the subscription's key is no point of P-256".into(),
        })?;
        let authorization = self
            .vapid
            .authorization(&to.endpoint, now)
            .map_err(|error| Answer::Barred {
                why: error.to_string(),
            })?;
        Ok(self
            .pool
            .client()
            .post(to.endpoint.clone())
            .header("authorization", authorization)
            .header("ttl", push.time_to_live(now).as_secs().to_string())
            .header("urgency", if push.urgent { "high" } else { "normal" })
            .header("topic", collapse::topic(&push.collapse))
            .header("content-type", "application/octet-stream")
            .header("content-encoding", "aes128gcm")
            .body(body))
    }

    async fn once(&self, push: &Push, to: &Subscription, now: Timestamp) -> Result<Response, Answer> {
        let request = self.request(push, to, now)?;
        self.pool.send(request).await.map_err(|error| {
            if caused_by::<NotPublic>(&error) {
                return Answer::Refused {
                    why: "the endpoint's host has no public address".into(),
                };
            }
            Answer::of_transport(&error)
        })
    }

    async fn try_send(&self, push: &Push, now: Timestamp) -> Result<Answer, Answer> {
        let to = Subscription::read(&push.channel)?;
        let mut response = self.once(push, &to, now).await?;
        if response.status().as_u16() == 401 {
            self.vapid
                .renew(&to.endpoint, now)
                .map_err(|error| Answer::Barred {
                    why: error.to_string(),
                })?;
            response = self.once(push, &to, now).await?;
        }
        Ok(read(response, now).await)
    }
}

impl Gateway for WebPush {
    async fn send(&self, push: &Push, now: Timestamp) -> Answer {
        self.try_send(push, now).await.unwrap_or_else(|answer| answer)
    }
}

/// Where a browser is reached, checked.
struct Subscription {
    endpoint: Url,
    keys: Keys,
}

impl Subscription {
    fn read(channel: &Channel) -> Result<Self, Answer> {
        let refused = |why: String| Answer::Refused { why };
        let Channel::WebPush {
            endpoint,
            p256dh,
            auth,
        } = channel
        else {
            return Err(refused("the channel is no subscription of a browser".into()));
        };
        let endpoint = endpoint::checked(endpoint).map_err(|why| refused(format!("the endpoint {why}")))?;
        let keys = Keys::read(p256dh, auth)
            .ok_or_else(|| refused("the subscription's keys can't be read".into()))?;
        Ok(Self { endpoint, keys })
    }
}

async fn read(response: Response, now: Timestamp) -> Answer {
    let location = response.headers().get("location");
    let mut seen = answer::Seen {
        status: response.status().as_u16(),
        location: location.and_then(|name| Some(name.to_str().ok()?.chars().take(SAID_BYTES).collect())),
        after: retry_after(&response, now),
        said: String::new(),
    };
    if !response.status().is_success() {
        seen.said = beginning(response, SAID_BYTES).await;
    }
    answer::classify(seen)
}

#[cfg(test)]
mod tests;
