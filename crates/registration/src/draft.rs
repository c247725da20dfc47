//! A registration.

use domain::tags::{Tag, own_tags};
use domain::{Customer, FieldError, InstallationId, Invalid};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use storage::{Installation, Platform};

use crate::{channel, language_tag};

/// How long a channel of WNS lives after its registration, as Microsoft documents it.
pub const WNS_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What a device says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Which app it is.
    pub app: String,
    /// Which provider reaches it.
    pub platform: Platform,
    /// `production` where it is not said.
    #[serde(default = "production")]
    pub environment: String,
    /// Where it is reached, in the platform's way.
    pub channel: serde_json::Value,
    /// `en` where it is not said.
    #[serde(default = "english")]
    pub locale: String,
    /// Its own tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Until when the channel is good, where the platform says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

fn production() -> String {
    "production".into()
}

fn english() -> String {
    "en".into()
}

impl From<&Installation> for Draft {
    /// What the device would say to be registered as it is.
    fn from(installation: &Installation) -> Self {
        Self {
            app: installation.app.clone(),
            platform: installation.platform,
            environment: installation.environment.clone(),
            channel: channel::shown(&installation.channel),
            locale: installation.locale.clone(),
            tags: installation.tags.clone(),
            expires_at: installation.expires_at,
        }
    }
}

/// Everything that is wrong.
#[derive(Default)]
struct Findings(Vec<FieldError>);

impl Findings {
    fn require(&mut self, holds: bool, pointer: &str, detail: &str) {
        if !holds {
            self.wrong(pointer, detail);
        }
    }

    fn wrong(&mut self, pointer: &str, detail: &str) {
        self.0.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
    }
}

impl Draft {
    /// The installation `id` of `customer`, as it is registered at `now`.
    ///
    /// # Errors
    /// Everything that is wrong, by JSON pointer (RFC 6901).
    pub fn parse(
        self,
        id: InstallationId,
        customer: Customer,
        now: Timestamp,
    ) -> Result<Installation, Vec<FieldError>> {
        let mut found = Findings::default();
        found.require(
            is_app(&self.app),
            "/app",
            "must be 1 to 60 letters, digits, dots, hyphens and underscores",
        );
        found.require(
            ["production", "development"].contains(&self.environment.as_str()),
            "/environment",
            "must be production or development",
        );
        if let Err(Invalid(detail)) = language_tag(self.locale.clone()) {
            found.wrong("/locale", &detail);
        }
        let later = self.expires_at.is_none_or(|at| at > now);
        found.require(later, "/expires_at", "must be later than now");
        let tags = own_tags(self.tags).map_err(|errors| found.0.extend(errors));
        let channel = channel::parse(self.platform, self.channel).map_err(|error| found.0.push(error));
        let (Ok(tags), Ok(channel), true) = (tags, channel, found.0.is_empty()) else {
            return Err(found.0);
        };
        Ok(Installation {
            id,
            app: self.app,
            customer,
            platform: self.platform,
            environment: self.environment,
            channel,
            locale: self.locale,
            tags: tags.into_iter().map(Tag::into).collect(),
            expires_at: expiry(self.platform, self.expires_at, now).map(to_the_microsecond),
            updated_at: to_the_microsecond(now),
        })
    }
}

/// Until when a channel of `platform` is good that was registered at `now`, where its client says `said`.
fn expiry(platform: Platform, said: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    match platform {
        Platform::Wns => {
            let latest = now.saturating_add(WNS_LIFE).unwrap_or(Timestamp::MAX);
            Some(said.map_or(latest, |said| said.min(latest)))
        }
        _ => said,
    }
}

/// As it is kept: what is answered now is what is read later.
pub fn to_the_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

fn is_app(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    (1..=60).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use domain::GuestId;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    const NOW: &str = "2026-11-21T10:00:00Z";

    fn parse(fields: &Value) -> Result<Installation, Vec<FieldError>> {
        let mut draft = json!({ "app": "shop", "platform": "apns", "channel": { "token": "0a".repeat(32) } });
        for (name, value) in fields.as_object().unwrap() {
            draft[name] = value.clone();
        }
        let draft: Draft = serde_json::from_value(draft).unwrap();
        let customer = Customer::Guest(GuestId(Uuid::nil()));
        draft.parse(InstallationId(Uuid::nil()), customer, NOW.parse().unwrap())
    }

    fn expires(fields: &Value) -> Option<String> {
        parse(fields).unwrap().expires_at.map(|at| at.to_string())
    }

    #[test]
    fn a_channel_of_wns_lives_thirty_days_at_most() {
        let wns = |at: Option<&str>| {
            let uri = "https://db5.notify.windows.com/?token=a";
            expires(&json!({ "platform": "wns", "channel": { "uri": uri }, "expires_at": at }))
        };
        assert_eq!(wns(None).as_deref(), Some("2026-12-21T10:00:00Z"));
        assert_eq!(
            wns(Some("2027-03-01T00:00:00Z")).as_deref(),
            Some("2026-12-21T10:00:00Z")
        );
        assert_eq!(
            wns(Some("2026-11-22T00:00:00Z")).as_deref(),
            Some("2026-11-22T00:00:00Z")
        );
        assert_eq!(expires(&json!({})), None, "a token of Apple says when it is gone");
        assert_eq!(
            expires(&json!({ "expires_at": "2030-01-01T01:00:00.1234567+01:00" })).as_deref(),
            Some("2030-01-01T00:00:00.123456Z")
        );
    }

    #[test]
    fn all_that_is_wrong_is_named() {
        let wrong = parse(&json!({
            "app": "", "environment": "x", "locale": "x", "expires_at": NOW, "tags": ["a", "b c", "app:x"], "channel": {},
        }));
        let pointers: Vec<_> = wrong
            .unwrap_err()
            .into_iter()
            .map(|error| error.pointer)
            .collect();
        let expected = [
            "/app",
            "/environment",
            "/locale",
            "/expires_at",
            "/tags/1",
            "/tags/2",
            "/channel",
        ];
        assert_eq!(pointers, expected);
        let many: Vec<_> = (0..61).map(|n| format!("t{n}")).collect();
        assert_eq!(parse(&json!({ "tags": many })).unwrap_err()[0].pointer, "/tags");
    }

    #[test]
    fn what_is_registered_says_the_same_again() {
        let said = json!({ "tags": ["b", "a"], "expires_at": "2027-01-01T00:00:00Z" });
        let installation = parse(&said).unwrap();
        assert_eq!(installation.tags, ["a", "b"]);
        let again = Draft::from(&installation);
        let again = again.parse(installation.id, installation.customer, installation.updated_at);
        assert_eq!(again.unwrap(), installation);
    }
}
