//! One message for several devices.
//!
//! The stream syncs to disk each message that it stores and each that it gives up, so pushes that go to many share messages.

use domain::commands::without_contents;
use jiff::Timestamp;
use messaging::{Envelope, Message, subjects};
use storage::Platform;
use uuid::Uuid;

use crate::notification::Notification;

/// The most pushes of a message.
pub const MOST: usize = 16;
/// The most bytes of them, as JSON; the stream takes 64 KiB, headers included.
const MOST_BYTES: usize = 48 * 1024;
const BUNDLE_TYPE: &str = "notification.bundle.v1";

/// The messages that bring `notifications` to the sender of `platform`, up to `most` in one: an array of them as `notification.bundle.v1`,
/// or one by itself in its own form. All come of the message that `cause` describes, and are of use equally long.
///
/// # Errors
/// Where one can't be written as JSON.
pub fn messages(
    notifications: &[&Notification],
    most: usize,
    platform: Platform,
    cause: &Envelope,
    now: Timestamp,
) -> serde_json::Result<Vec<Message>> {
    let mut messages = Vec::new();
    let (mut begin, mut body) = (0, Vec::new());
    for (place, notification) in notifications.iter().enumerate() {
        let json = serde_json::to_vec(notification)?;
        if place - begin >= most || (place > begin && body.len() + json.len() > MOST_BYTES) {
            messages.push(message(&notifications[begin..place], body, platform, cause, now)?);
            (begin, body) = (place, Vec::new());
        }
        body.push(if place == begin { b'[' } else { b',' });
        body.extend_from_slice(&json);
    }
    if begin < notifications.len() {
        messages.push(message(&notifications[begin..], body, platform, cause, now)?);
    }
    Ok(messages)
}

/// `body` is the array of `notifications`, still open.
fn message(
    notifications: &[&Notification],
    mut body: Vec<u8>,
    platform: Platform,
    cause: &Envelope,
    now: Timestamp,
) -> serde_json::Result<Message> {
    let [first, _, ..] = notifications else {
        return notifications[0].message(platform, cause, now);
    };
    body.push(b']');
    let id = id(notifications);
    Ok(Message {
        subject: subjects::bulk_notification(platform.as_str(), id),
        envelope: first.envelope(id, BUNDLE_TYPE, cause, now),
        body: body.into(),
    })
}

/// The same for the same pushes, so that the stream recognises a page that is queued once more.
fn id(notifications: &[&Notification]) -> Uuid {
    let deliveries = notifications.iter().flat_map(|one| *one.delivery.as_bytes());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &deliveries.collect::<Vec<_>>())
}

/// What a message of `NOTIFICATIONS` brings: at least one push.
///
/// # Errors
/// In words, for the dead letter.
pub fn read(envelope: &Envelope, body: &[u8]) -> Result<Vec<Notification>, String> {
    if envelope.kind != BUNDLE_TYPE {
        return Ok(vec![Notification::read(envelope, body)?]);
    }
    let mut read: Vec<Notification> = serde_json::from_slice(body)
        .map_err(|error| without_contents(&error))
        .map_err(|why| format!("the body is not a valid `{BUNDLE_TYPE}`: {why}"))?;
    if read.is_empty() {
        return Err(format!("a `{BUNDLE_TYPE}` holds at least one push"));
    }
    for notification in &mut read {
        notification.expires_at = envelope.expires_at;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use domain::{Actor, InstallationId};

    use super::*;
    use crate::news::{News, NewsOf};
    use crate::notification::What;
    use crate::notification::samples::NOW;

    fn notification(device: u8, bytes: usize) -> Notification {
        let at: Timestamp = NOW.parse().unwrap();
        let text = serde_json::Value::String("x".repeat(bytes));
        let news = News {
            about: NewsOf::Campaign(Uuid::nil()),
            event: "campaign".into(),
            event_id: Uuid::nil().to_string(),
            at,
            expires_at: Some(at),
            customer: None,
            collapse_key: "tea".into(),
            properties: serde_json::Map::from_iter([("title".to_owned(), text)]),
            urgent: false,
            silent: false,
        };
        Notification::of(What::News(news), InstallationId(Uuid::from_bytes([device; 16])))
    }

    fn cause() -> Envelope {
        Envelope {
            id: "cause".into(),
            kind: "campaign.send.v1".into(),
            source: "waybillctl".into(),
            time: NOW.parse().unwrap(),
            actor: Actor::System("test".into()),
            correlation_id: Some("request-1".into()),
            traceparent: None,
            expires_at: None,
        }
    }

    fn bundled(notifications: &[Notification], most: usize) -> Vec<Message> {
        let notifications: Vec<_> = notifications.iter().collect();
        messages(
            &notifications,
            most,
            Platform::Fcm,
            &cause(),
            NOW.parse().unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn what_is_written_together_is_read_whole_and_in_order() {
        let all: Vec<_> = (0..40).map(|device| notification(device, 10)).collect();
        let messages = bundled(&all, MOST);
        let ids: Vec<_> = messages
            .iter()
            .map(|message| message.envelope.id.clone())
            .collect();
        assert_eq!(messages.len(), 3);
        assert_eq!(messages[0].subject, format!("notifications.bulk-fcm.{}", ids[0]));
        assert_eq!(messages[0].envelope.correlation_id.as_deref(), Some("request-1"));
        let read: Vec<_> = messages
            .iter()
            .flat_map(|message| read(&message.envelope, &message.body).unwrap())
            .map(|read| (read.delivery, read.deadline()))
            .collect();
        let wanted: Vec<_> = all.iter().map(|one| (one.delivery, one.deadline())).collect();
        assert_eq!(read, wanted);
        let again = bundled(&all, MOST);
        assert!(
            again.iter().map(|message| &message.envelope.id).eq(&ids),
            "the same ids"
        );
    }

    #[test]
    fn one_by_itself_has_its_own_form() {
        let one = notification(1, 10);
        let messages = bundled(std::slice::from_ref(&one), MOST);
        assert_eq!(messages[0].envelope.id, one.delivery.to_string());
        assert_eq!(messages[0].envelope.kind, "notification.news.v1");
        let read = read(&messages[0].envelope, &messages[0].body).unwrap();
        assert_eq!((read.len(), read[0].delivery), (1, one.delivery));
        assert!(bundled(&[], MOST).is_empty());
    }

    #[test]
    fn no_message_is_too_large_for_the_stream() {
        let all: Vec<_> = (0..10).map(|device| notification(device, 20_000)).collect();
        let messages = bundled(&all, MOST);
        assert_eq!(messages.len(), 5, "two of them each");
        assert!(messages.iter().all(|message| message.body.len() < 60_000));
        let huge: Vec<_> = (0..3).map(|device| notification(device, 50_000)).collect();
        assert_eq!(bundled(&huge, MOST).len(), 3);
    }

    #[test]
    fn what_holds_no_push_is_refused_in_words() {
        let envelope = Envelope {
            kind: BUNDLE_TYPE.into(),
            ..cause()
        };
        for body in ["[]", "{}", "[{}]", "x"] {
            let why = read(&envelope, body.as_bytes()).unwrap_err();
            assert!(why.contains(BUNDLE_TYPE), "{why}");
        }
    }
}
