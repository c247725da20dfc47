//! APNs over the wire: what Apple refuses is refused, what it takes is shown.

use crate::Wire;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use push_sandbox::{Platform, TOPIC};
use reqwest::{RequestBuilder, Response, Version};
use serde_json::{Value, json};

struct Claims<'a> {
    kid: &'a str,
    iss: &'a str,
    iat: i64,
}

fn signed(wire: &Wire, claims: &Claims<'_>) -> String {
    let pem = std::fs::read(&wire.sandbox.credentials.apns.key_path).unwrap();
    sign(&pem, claims)
}

/// Deterministic, RFC 6979: the same claims give the same token, as Apple wants it from all replicas.
fn sign(pem: &[u8], claims: &Claims<'_>) -> String {
    let key = SigningKey::from_pkcs8_pem(std::str::from_utf8(pem).unwrap()).unwrap();
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(json!({ "alg": "ES256", "kid": claims.kid }));
    let signed = format!(
        "{header}.{}",
        part(json!({ "iss": claims.iss, "iat": claims.iat }))
    );
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn good_token(wire: &Wire) -> String {
    let apns = &wire.sandbox.credentials.apns;
    signed(
        wire,
        &Claims {
            kid: &apns.key_id,
            iss: &apns.team_id,
            iat: wire.now(),
        },
    )
}

fn bare(wire: &Wire, device: &str) -> RequestBuilder {
    wire.http
        .post(format!("{}/3/device/{device}", wire.sandbox.push_url))
}

pub(crate) fn good(wire: &Wire, device: &str) -> RequestBuilder {
    bare(wire, device)
        .bearer_auth(good_token(wire))
        .header("apns-topic", TOPIC)
        .header("apns-push-type", "alert")
        .body(r#"{"aps":{"alert":{"title":"Confirmed","body":"Order 42"}},"order":"42"}"#)
}

pub(crate) async fn refused(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert!(
        response.headers().contains_key("apns-id"),
        "every answer carries an apns-id"
    );
    let body: Value = response.json().await.unwrap();
    (status, body["reason"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_good_push_is_shown() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let id = "5f1a5b60-9d2c-4a52-8c67-1c2d6f4d9b10";
    let response = good(&wire, device.channel.address())
        .header("apns-id", id)
        .header("apns-priority", "10")
        .header("apns-expiration", "1800001800")
        .header("apns-collapse-id", "order-42")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, Version::HTTP_2)
    );
    assert_eq!(response.headers()["apns-id"], id);
    let shown = wire.get("/deliveries?platform=apns&order=42").await;
    assert_eq!(shown[0]["provider_id"], id);
    assert_eq!(shown[0]["device"], device.id);
    assert_eq!(
        (&shown[0]["title"], &shown[0]["body"]),
        (&json!("Confirmed"), &json!("Order 42"))
    );
    assert_eq!(shown[0]["collapse_key"], "order-42");
    assert_eq!(shown[0]["options"]["apns-expiration"], "1800001800");
    assert_eq!(wire.get("/deliveries?order=43").await, json!([]));
}

#[tokio::test]
async fn a_wrong_provider_token_is_refused() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let apns = wire.sandbox.credentials.apns.clone();
    let (kid, iss, now) = (apns.key_id.as_str(), apns.team_id.as_str(), wire.now());
    let other_key = another_key();
    for (token, reason) in [
        (
            signed(
                &wire,
                &Claims {
                    kid: "AAAAAAAAAA",
                    iss,
                    iat: now,
                },
            ),
            "InvalidProviderToken",
        ),
        (
            signed(
                &wire,
                &Claims {
                    kid,
                    iss: "AAAAAAAAAA",
                    iat: now,
                },
            ),
            "InvalidProviderToken",
        ),
        (
            signed(
                &wire,
                &Claims {
                    kid,
                    iss,
                    iat: now + 600,
                },
            ),
            "InvalidProviderToken",
        ),
        (
            sign(other_key.as_bytes(), &Claims { kid, iss, iat: now }),
            "InvalidProviderToken",
        ),
        ("nonsense".to_owned(), "InvalidProviderToken"),
        (
            signed(
                &wire,
                &Claims {
                    kid,
                    iss,
                    iat: now - 3_601,
                },
            ),
            "ExpiredProviderToken",
        ),
    ] {
        let request = bare(&wire, device.channel.address())
            .bearer_auth(token)
            .header("apns-topic", TOPIC);
        assert_eq!(
            refused(request.body("{}").send().await.unwrap()).await,
            (403, reason.to_owned())
        );
    }
    let missing = refused(bare(&wire, device.channel.address()).send().await.unwrap()).await;
    assert_eq!(missing, (403, "MissingProviderToken".to_owned()));
    assert!(wire.deliveries().is_empty());
    assert_eq!(wire.sandbox.refusals().len(), 7);
}

/// A key that is not the sandbox's.
fn another_key() -> String {
    rcgen::KeyPair::generate().unwrap().serialize_pem()
}

#[tokio::test]
async fn a_token_may_change_once_in_twenty_minutes() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let mut first = None;
    for (wait, expected) in [(0, 200), (60, 200), (60, 429), (1_200, 200)] {
        wire.pass(wait);
        first.get_or_insert_with(|| good_token(&wire));
        let response = good(&wire, device.channel.address()).send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "after {wait} s");
        if expected == 429 {
            assert_eq!(refused(response).await.1, "TooManyProviderTokenUpdates");
        }
    }
    let old = good(&wire, device.channel.address());
    let old = old.header("authorization", format!("bearer {}", first.unwrap()));
    assert_eq!(
        refused(old.send().await.unwrap()).await.1,
        "DuplicateHeaders".to_owned()
    );
}

#[tokio::test]
async fn each_wrong_header_has_its_reason() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let token = good_token(&wire);
    let long = "x".repeat(65);
    for (name, value, reason) in [
        ("apns-topic", None, "MissingTopic"),
        ("apns-topic", Some("com.example.other"), "TopicDisallowed"),
        ("apns-push-type", None, "InvalidPushType"),
        ("apns-push-type", Some("loud"), "InvalidPushType"),
        ("apns-id", Some("42"), "BadMessageId"),
        ("apns-expiration", Some("tomorrow"), "BadExpirationDate"),
        ("apns-priority", Some("11"), "BadPriority"),
        ("apns-collapse-id", Some(long.as_str()), "BadCollapseId"),
    ] {
        let mut request = bare(&wire, device.channel.address()).bearer_auth(&token);
        for (header, usual) in [("apns-topic", TOPIC), ("apns-push-type", "alert")] {
            if header != name {
                request = request.header(header, usual);
            }
        }
        if let Some(value) = value {
            request = request.header(name, value);
        }
        let response = request.body(r#"{"aps":{"alert":"x"}}"#).send().await.unwrap();
        assert_eq!(
            refused(response).await,
            (400, reason.to_owned()),
            "{name}: {value:?}"
        );
    }
    assert!(wire.deliveries().is_empty());
}

#[tokio::test]
async fn a_payload_is_json_with_aps_of_at_most_4096_bytes() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let padded = |length: usize| {
        let empty = json!({"aps": {"alert": ""}}).to_string().len();
        json!({"aps": {"alert": "x".repeat(length - empty)}}).to_string()
    };
    let fits = good(&wire, device.channel.address())
        .body(padded(4096))
        .send()
        .await
        .unwrap();
    assert_eq!(fits.status().as_u16(), 200);
    for (body, expected) in [
        (padded(4097), (413, "PayloadTooLarge")),
        (String::new(), (400, "PayloadEmpty")),
        ("{".to_owned(), (400, "PayloadEmpty")),
        (r#"{"order":"42"}"#.to_owned(), (400, "PayloadEmpty")),
    ] {
        let response = good(&wire, device.channel.address())
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(refused(response).await, (expected.0, expected.1.to_owned()));
    }
    assert_eq!(wire.deliveries().len(), 1);
}

#[tokio::test]
async fn an_unknown_device_a_wrong_path_and_http1_are_refused() {
    let wire = Wire::start().await;
    for device in ["zz", "abcd", &"ab".repeat(32)] {
        let answer = refused(good(&wire, device).send().await.unwrap()).await;
        assert_eq!(answer, (400, "BadDeviceToken".to_owned()));
    }
    let path = |path: &str| wire.http.post(format!("{}{path}", wire.sandbox.push_url)).send();
    let reason: Value = path("/3/devices/abcd").await.unwrap().json().await.unwrap();
    assert_eq!(reason["reason"], "BadPath");
    let reason: Value = path("/3/device/").await.unwrap().json().await.unwrap();
    assert_eq!(reason["reason"], "MissingDeviceToken");
    let get = wire
        .http
        .get(format!("{}/3/device/abcd", wire.sandbox.push_url))
        .send()
        .await
        .unwrap();
    assert_eq!(get.status().as_u16(), 405);
    let old = Wire::trusting(&wire.sandbox).http1_only().build().unwrap();
    let old = old
        .post(format!("{}/3/device/abcd", wire.sandbox.push_url))
        .send()
        .await
        .unwrap();
    assert_eq!(old.status().as_u16(), 505);
}
