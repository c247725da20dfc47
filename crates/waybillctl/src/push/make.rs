//! Making a campaign.

use anyhow::{Context, ensure};
use chassis::clock;
use domain::Actor;
use domain::tags::{Clause, TagExpression};
use jiff::Timestamp;
use messaging::schedules::{ScheduleError, ScheduleId};
use messaging::{Envelope, Message, Messaging, Schedules, subjects};
use serde_json::json;
use storage::{NewCampaign, Storage};
use uuid::{Builder, Uuid};

use super::content::Content;
use crate::NAME;

const MESSAGE_TYPE: &str = "campaign.send.v1";

/// Reads a tag expression, as people write it and as the database looks for it.
pub(super) fn expression(text: &str) -> anyhow::Result<(TagExpression, Vec<Clause>)> {
    let expression = TagExpression::parse(text).context("--to")?;
    let clauses = expression.clauses().context("--to")?;
    Ok((expression, clauses))
}

/// Reads `200/s` or `200`.
pub(super) fn rate(text: &str) -> anyhow::Result<u32> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    let rate: Option<u32> = number.parse().ok();
    rate.filter(|rate| (1..=100_000).contains(rate))
        .with_context(|| format!("--rate {text} is no rate from 1/s to 100000/s"))
}

/// Reads a time to come.
pub(super) fn moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    let at: Timestamp = text
        .parse()
        .map_err(|_| anyhow::anyhow!("--at {text} is no time such as 2026-12-24T09:00:00Z"))?;
    ensure!(at > now, "--at {at} has passed");
    Ok(at)
}

/// A campaign of `content` as it is to be.
pub(super) fn campaign(content: Content, user: &str, send_at: Timestamp, now: Timestamp) -> NewCampaign {
    NewCampaign {
        id: id(now),
        expression: TagExpression::EVERYONE.to_string(),
        devices: None,
        text: content.text,
        texts: content.texts,
        data: content.data,
        urgent: content.urgent,
        silent: false,
        rate: None,
        created_by: user.to_owned(),
        created_at: now,
        send_at,
        expires_at: send_at.saturating_add(content.ttl).unwrap_or(Timestamp::MAX),
    }
}

/// UUID v7 (RFC 9562).
fn id(now: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(milliseconds, &clock::random_bytes::<10>()).into_uuid()
}

/// Hands a campaign to the hub. The message goes first: where the row can't be written, the hub drops it, and nothing is stored that never begins.
pub(super) async fn hand_over(
    campaign: &NewCampaign,
    storage: &Storage,
    messaging: &Messaging,
) -> anyhow::Result<()> {
    let message = message(campaign);
    let (schedules, name) = (
        Schedules::new(messaging.clone()),
        campaign.id.to_string().parse::<ScheduleId>()?,
    );
    let later = campaign.send_at > campaign.created_at;
    if later {
        schedules
            .schedule_for_operator(&name, campaign.send_at, &message)
            .await
            .map_err(in_words)?;
    } else {
        messaging.publish(&message).await?;
    }
    let added = storage.add_campaign(campaign).await;
    if later && added.is_err() {
        // What is left behind finds no campaign.
        let _dropped_when_due = schedules.cancel_for_operator(&name).await;
    }
    Ok(added?)
}

fn in_words(error: ScheduleError) -> anyhow::Error {
    match error {
        error @ (ScheduleError::Past { .. } | ScheduleError::TooFar { .. }) => {
            anyhow::Error::new(error).context("--at")
        }
        other => other.into(),
    }
}

fn message(campaign: &NewCampaign) -> Message {
    Message {
        subject: subjects::campaign(campaign.id),
        envelope: Envelope {
            id: campaign.id.to_string(),
            kind: MESSAGE_TYPE.to_owned(),
            source: NAME.to_owned(),
            time: campaign.created_at,
            actor: Actor::Staff(campaign.created_by.clone()),
            correlation_id: None,
            traceparent: None,
            expires_at: Some(campaign.expires_at),
        },
        body: json!({ "campaign": campaign.id }).to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_so_many_a_second() {
        assert_eq!(rate("200/s").unwrap(), 200);
        assert_eq!(rate("1").unwrap(), 1);
        for wrong in ["0", "0/s", "-1", "200/m", "fast", "100001", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ids_are_of_their_time() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let one = id(now);
        assert_eq!(one.get_version_num(), 7);
        assert!(one < id(now + jiff::SignedDuration::from_secs(1)));
        assert_ne!(one, id(now));
    }

    #[test]
    fn only_what_is_to_come_is_a_time() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert!(moment("2026-11-21T10:00:01Z", now).is_ok());
        for wrong in ["2026-11-21T10:00:00Z", "tomorrow", "2026-11-21"] {
            assert!(moment(wrong, now).is_err(), "{wrong}");
        }
    }
}
