//! What goes over the wire, against RFC 8030, 8291 and 8292.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Value, json};

use super::*;
use crate::gateway::es256::Es256;
use crate::gateway::samples::{KEY, push};
use crate::gateway::transport::{Settings, Speaks, caused_by};

fn gateway() -> WebPush {
    let speaks = Speaks::Public { stand_in: Vec::new() };
    WebPush::new(vapid(), Pool::new(&Settings::new(1), &speaks).unwrap())
}

fn vapid() -> Vapid {
    Vapid::new(Es256::from_pem(KEY).unwrap(), "mailto:push@example.com")
}

/// The browser of RFC 8291, section 5.
fn browser() -> Channel {
    Channel::WebPush {
        endpoint: "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV".into(),
        p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
            .into(),
        auth: "BTBZMqHH6r4Tts7J_aSIgg".into(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at(crate::notification::samples::NOW)
}

fn built(push: &Push) -> reqwest::Request {
    let to = Subscription::read(&push.channel).ok().unwrap();
    gateway().request(push, &to, now()).unwrap().build().unwrap()
}

#[test]
fn a_request_has_the_headers_of_the_standard() {
    let push = push(browser());
    let request = built(&push);
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.url().as_str(),
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"
    );
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("ttl"), "1800");
    assert_eq!(header("urgency"), "high");
    assert_eq!(header("content-encoding"), "aes128gcm");
    let topic = header("topic");
    assert!(
        topic.len() == 32 && topic.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{topic}"
    );
    let body = request.body().unwrap().as_bytes().unwrap();
    assert_eq!(
        body[16..21],
        [0, 0, 16, 0, 65],
        "records of 4,096 bytes, a key of 65"
    );
    assert!(!String::from_utf8_lossy(body).contains("cups"), "encrypted");
    let later = Push {
        urgent: false,
        ..push
    };
    assert_eq!(built(&later).headers()["urgency"], "normal");
}

#[test]
fn a_token_says_who_sends_to_which_service_and_until_when() {
    let said = built(&push(browser())).headers()["authorization"]
        .to_str()
        .unwrap()
        .to_owned();
    let (token, key) = said.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part: &str| serde_json::from_slice::<Value>(&bytes(part)).unwrap();
    assert_eq!(json(parts[0]), json!({"typ": "JWT", "alg": "ES256"}));
    let ends = at("2026-11-22T00:00:00Z").as_second();
    assert_eq!(
        json(parts[1]),
        json!({"aud": "https://push.example.net", "exp": ends, "sub": "mailto:push@example.com"})
    );
    let point = bytes(key);
    assert_eq!((point.len(), point[0]), (65, 4), "an uncompressed point");
    let signature = Signature::from_slice(&bytes(parts[2])).unwrap();
    VerifyingKey::from_sec1_bytes(&point)
        .unwrap()
        .verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature)
        .unwrap();
}

#[test]
fn a_token_is_made_once_for_each_service_and_is_good_for_twelve_hours_at_least() {
    let vapid = vapid();
    let token = |origin: &str, time: &str| vapid.authorization(&origin.parse().unwrap(), at(time)).unwrap();
    let one = "https://push.example.net/a";
    let first = token(one, "2026-11-21T06:00:00Z");
    assert_eq!(first, token("https://push.example.net/b", "2026-11-21T11:59:59Z"));
    assert_ne!(
        first,
        token("https://other.example.net/a", "2026-11-21T06:00:00Z")
    );
    assert_ne!(first, token(one, "2026-11-21T12:00:00Z"));
    vapid
        .renew(&one.parse().unwrap(), at("2026-11-21T12:00:01Z"))
        .unwrap();
    let renewed = token(one, "2026-11-21T12:00:02Z");
    assert_eq!(renewed, token(one, "2026-11-21T12:20:00Z"));
    assert_ne!(
        renewed,
        token(one, "2026-11-21T12:40:00Z"),
        "made for want of a better one"
    );
}

#[test]
fn made_up_services_do_not_fill_the_memory() {
    let vapid = vapid();
    for number in 0..258 {
        let endpoint = format!("https://push-{number}.example.net/").parse().unwrap();
        vapid.authorization(&endpoint, now()).unwrap();
    }
    let shown = format!("{vapid:?}");
    assert!(shown.matches("example.net").count() < 10 && !shown.contains("token"));
}

#[test]
fn every_answer_has_its_meaning() {
    let wait = Some(std::time::Duration::from_secs(9));
    let meaning = |status: u16| {
        let seen = answer::Seen {
            status,
            location: Some("https://push.example.net/m/1".into()),
            after: wait,
            said: "said".into(),
        };
        answer::classify(seen)
    };
    for (status, word) in [
        (200, "sent"),
        (201, "sent"),
        (202, "sent"),
        (301, "refused"),
        (307, "refused"),
        (400, "refused"),
        (401, "barred"),
        (403, "barred"),
        (404, "gone"),
        (405, "refused"),
        (408, "retry"),
        (410, "gone"),
        (413, "refused"),
        (414, "refused"),
        (429, "retry"),
        (500, "retry"),
        (502, "retry"),
        (503, "retry"),
        (504, "retry"),
    ] {
        let answer = meaning(status);
        assert_eq!(answer.word(), word, "{status}");
        if let Answer::Retry { after, .. } = answer {
            assert_eq!(after, wait, "{status}");
        }
    }
    assert_eq!(
        meaning(201),
        Answer::Sent {
            id: Some("https://push.example.net/m/1".into())
        }
    );
}

#[test]
fn no_status_at_all_is_left_without_a_meaning() {
    for status in 200..=599 {
        let seen = answer::Seen {
            status,
            ..answer::Seen::default()
        };
        let word = answer::classify(seen).word();
        assert_eq!(word == "gone", [404, 410].contains(&status), "{status}");
        assert_eq!(word == "barred", [401, 403].contains(&status), "{status}");
        assert_eq!(word == "sent", status < 300, "{status}");
    }
}

#[test]
fn a_message_that_does_not_fit_and_a_channel_of_another_kind_are_refused() {
    let mut long = push(browser());
    long.text.body = "x".repeat(4_000);
    let to = Subscription::read(&long.channel).ok().unwrap();
    assert!(matches!(
        gateway().request(&long, &to, now()),
        Err(Answer::Refused { .. })
    ));
    let apple = Channel::Apns { token: "ab".into() };
    assert!(matches!(Subscription::read(&apple), Err(Answer::Refused { .. })));
}

#[tokio::test]
async fn a_host_without_a_public_address_is_told_from_one_that_is_away() {
    let client = gateway();
    let error = client
        .pool
        .client()
        .get("https://localhost/")
        .send()
        .await
        .unwrap_err();
    assert!(caused_by::<NotPublic>(&error), "{error:?}");
}
