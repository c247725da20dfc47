//! Windows Push Notification Services: HTTP/1.1, an access token, a toast in XML or data as it is, one request per push.

mod answer;
mod channel;
mod content;
mod toast;
mod token;

use jiff::Timestamp;
use reqwest::{RequestBuilder, Response};
use storage::Channel;
use url::Url;

pub use self::channel::is_wns_host;
pub use self::token::{Credentials, Tokens};
use super::pool::Pool;
use super::transport::retry_after;
use super::{Answer, Gateway, Kind, Push, collapse};

/// The gateway to WNS.
#[derive(Debug)]
pub struct Wns {
    tokens: Tokens,
    pool: Pool,
}

impl Wns {
    /// A gateway over `pool` that signs in with `tokens`.
    pub fn new(tokens: Tokens, pool: Pool) -> Self {
        Self { tokens, pool }
    }

    fn request(
        &self,
        push: &Push,
        address: Url,
        token: &str,
        now: Timestamp,
    ) -> Result<RequestBuilder, Answer> {
        let content = content::content(push)?;
        let mut request = self
            .pool
            .client()
            .post(address)
            .bearer_auth(token)
            .header("content-type", content.media_type)
            .header("x-wns-type", content.kind)
            .header("x-wns-priority", content.priority)
            .header("x-wns-requestforstatus", "true")
            .header("x-wns-cache-policy", "cache")
            .header("x-wns-ttl", push.time_to_live(now).as_secs().to_string());
        // Only what is shown can be replaced.
        if push.kind == Kind::Alert {
            request = request.header("x-wns-tag", collapse::tag(&push.collapse));
        }
        Ok(request.body(content.body))
    }

    /// Sends with the access token at hand; gives that token too, so that a refused one can be forgotten.
    async fn once(&self, push: &Push, address: Url, now: Timestamp) -> Result<(Response, String), Answer> {
        let token = self.tokens.token(&self.pool.client(), now).await?;
        let request = self.request(push, address, &token, now)?;
        let response = self
            .pool
            .send(request)
            .await
            .map_err(|error| Answer::of_transport(&error))?;
        Ok((response, token))
    }

    async fn try_send(&self, push: &Push, now: Timestamp) -> Result<Answer, Answer> {
        let address = address(&push.channel)?;
        let (mut response, token) = self.once(push, address.clone(), now).await?;
        if response.status().as_u16() == 401 {
            self.tokens.forget(&token).await;
            (response, _) = self.once(push, address, now).await?;
        }
        Ok(read(response, now).await)
    }
}

impl Gateway for Wns {
    async fn send(&self, push: &Push, now: Timestamp) -> Answer {
        self.try_send(push, now).await.unwrap_or_else(|answer| answer)
    }
}

fn address(channel: &Channel) -> Result<Url, Answer> {
    let Channel::Wns { uri } = channel else {
        return Err(Answer::Refused {
            why: "the channel is no WNS address".into(),
        });
    };
    channel::checked(uri).map_err(|why| Answer::Refused {
        why: format!("the channel's address {why}"),
    })
}

async fn read(response: Response, now: Timestamp) -> Answer {
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let seen = answer::Seen {
        status: response.status().as_u16(),
        // The newer documents name the first, the older ones the second.
        wns_status: header("x-wns-status").or_else(|| header("x-wns-notificationstatus")),
        description: header("x-wns-error-description"),
        id: header("x-wns-msg-id"),
        after: retry_after(&response, now),
    };
    let body = response.text().await.unwrap_or_default();
    answer::classify(seen, &body)
}

#[cfg(test)]
mod tests;
