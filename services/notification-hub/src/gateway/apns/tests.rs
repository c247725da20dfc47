//! What goes over the wire, against Apple's documents "Sending notification requests to APNs" and "Establishing a
//! token-based connection to APNs".

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::DecodePrivateKey;
use serde_json::{Value, json};

use super::*;
use crate::gateway::samples::{KEY, push};
use crate::gateway::transport::{Settings, Speaks};

fn key() -> ProviderKey {
    ProviderKey::from_pem(KEY, "ABC1234567", "TEAM123456").unwrap()
}

fn apns() -> Apns {
    let url = |host: &str| format!("https://{host}/").parse().unwrap();
    let config = Config {
        key: key(),
        topic: "shop.waybill.app".into(),
        app_topics: HashMap::from([("staff".to_owned(), "shop.waybill.staff".to_owned())]),
        production: url("api.push.apple.com"),
        development: url("api.sandbox.push.apple.com"),
    };
    Apns::new(config, Pool::new(&Settings::new(1), &Speaks::Http2).unwrap())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn built(push: &Push) -> reqwest::Request {
    apns()
        .request(push, at("2026-11-21T10:00:00Z"))
        .unwrap()
        .build()
        .unwrap()
}

#[test]
fn a_request_has_apples_path_headers_and_payload() {
    let token = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";
    let push = push(Channel::Apns { token: token.into() });
    let request = built(&push);
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.url().as_str(),
        format!("https://api.push.apple.com/3/device/{token}")
    );
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("apns-id"), push.id.to_string());
    assert_eq!(header("apns-collapse-id"), push.collapse);
    assert_eq!(header("apns-push-type"), "alert");
    assert_eq!(header("apns-priority"), "10");
    assert_eq!(header("apns-topic"), "shop.waybill.app");
    assert_eq!(
        header("apns-expiration"),
        at("2026-11-21T10:30:00Z").as_second().to_string()
    );
    assert!(header("authorization").starts_with("Bearer "));
    let body: Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
    assert_eq!(
        body["aps"]["alert"],
        json!({"title": "Tea & <cups>", "body": "It's \"on\" its way"})
    );
    assert_eq!(body["order"], push.collapse);
    assert_eq!(
        (&body["version"], &body["state"]),
        (&json!("2"), &json!("confirmed"))
    );
}

#[test]
fn a_development_device_is_reached_at_the_development_address() {
    let mut push = push(Channel::Apns { token: "abcd".into() });
    push.environment = "development".into();
    assert_eq!(built(&push).url().host_str(), Some("api.sandbox.push.apple.com"));
}

#[test]
fn a_background_push_has_apples_type_and_priority_and_shows_nothing() {
    let mut push = push(Channel::Apns { token: "abcd".into() });
    push.kind = Kind::Background;
    let request = built(&push);
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("apns-push-type"), header("apns-priority")),
        ("background".to_owned(), "5".to_owned())
    );
    let body: Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
    assert_eq!(body["aps"]["content-available"], 1);
    for shown in ["alert", "sound", "badge"] {
        assert_eq!(body["aps"].get(shown), None);
    }
    assert_eq!(body["state"], "confirmed");
}

#[test]
fn a_further_app_has_its_own_topic_and_news_their_own_priority() {
    let mut push = push(Channel::Apns { token: "abcd".into() });
    (push.app, push.urgent) = ("staff".into(), false);
    let request = built(&push);
    assert_eq!(request.headers()["apns-topic"], "shop.waybill.staff");
    assert_eq!(request.headers()["apns-priority"], "5");
    assert_eq!(request.headers()["apns-push-type"], "alert");
}

#[test]
fn a_payload_that_is_too_long_is_not_sent_and_a_long_key_is_shortened() {
    let mut push = push(Channel::Apns { token: "abcd".into() });
    push.collapse = "x".repeat(65);
    assert_eq!(built(&push).headers()["apns-collapse-id"].len(), 64);
    push.text.body = "x".repeat(4_096);
    let refused = apns().request(&push, at("2026-11-21T10:00:00Z"));
    assert!(matches!(refused, Err(Answer::Refused { .. })));
}

#[test]
fn a_channel_that_is_not_hexadecimal_never_becomes_an_address() {
    for token in ["", "../../x", "abcg", "ab%2f", "ab/cd"] {
        let answer = apns().request(
            &push(Channel::Apns { token: token.into() }),
            at("2026-11-21T10:00:00Z"),
        );
        assert!(matches!(answer, Err(Answer::Refused { .. })), "{token:?}");
    }
}

#[test]
fn every_replica_makes_the_same_token_for_forty_minutes() {
    let token = |time| key().token(at(time)).unwrap();
    let (first, other) = (token("2026-11-21T10:01:00Z"), token("2026-11-21T10:40:59Z"));
    assert_eq!(first, other, "one token for 40 minutes");
    assert_ne!(first, token("2026-11-21T10:41:00Z"));
}

#[test]
fn a_token_is_what_apple_asks_for() {
    let token = key().token(at("2026-11-21T10:05:00Z")).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(json(parts[0]), json!({"alg": "ES256", "kid": "ABC1234567"}));
    assert_eq!(
        json(parts[1]),
        json!({"iss": "TEAM123456", "iat": at("2026-11-21T10:00:00Z").as_second()})
    );
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
    let public = VerifyingKey::from(&SigningKey::from_pkcs8_pem(KEY).unwrap());
    public
        .verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature)
        .unwrap();
}

#[test]
fn a_key_shows_no_secret_when_printed() {
    let shown = format!("{:?}", key());
    assert!(
        shown.contains("ABC1234567") && !shown.contains("SigningKey"),
        "{shown}"
    );
}
