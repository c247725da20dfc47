//! FCM over the wire: what Google refuses is refused, what it takes is shown.

use crate::Wire;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use push_sandbox::{Fault, FaultKind, NewDevice, Platform};
use reqwest::Response;
use serde_json::{Value, json};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";

fn account(wire: &Wire) -> Value {
    let text = std::fs::read_to_string(&wire.sandbox.credentials.fcm.service_account_path).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn claims(wire: &Wire) -> Value {
    let account = account(wire);
    json!({
        "iss": account["client_email"], "aud": account["token_uri"], "iat": wire.now(), "exp": wire.now() + 3600,
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
    })
}

async fn exchange(wire: &Wire, grant: &str, claims: &Value, key: &str) -> Response {
    let key = EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
    let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), claims, &key).unwrap();
    let url = account(wire)["token_uri"].as_str().unwrap().to_owned();
    wire.http
        .post(url)
        .form(&[("grant_type", grant), ("assertion", &assertion)])
        .send()
        .await
        .unwrap()
}

async fn token(wire: &Wire) -> String {
    let key = account(wire)["private_key"].as_str().unwrap().to_owned();
    let answer: Value = exchange(wire, GRANT, &claims(wire), &key)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&answer["expires_in"], &answer["token_type"]),
        (&json!(3599), &json!("Bearer"))
    );
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn send(wire: &Wire, token: &str, body: &Value) -> (u16, Value) {
    let project = &wire.sandbox.credentials.fcm.project_id;
    let url = format!("{}/v1/projects/{project}/messages:send", wire.sandbox.push_url);
    let response = wire
        .http
        .post(url)
        .bearer_auth(token)
        .json(body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn code(body: &Value) -> Option<&str> {
    let details = body["error"]["details"].as_array()?;
    details.iter().find(|detail| detail["@type"] == FCM_ERROR)?["errorCode"].as_str()
}

#[tokio::test]
async fn a_good_message_is_shown_by_token_and_by_installation_id() {
    let wire = Wire::start().await;
    let token = token(&wire).await;
    for fid in [false, true] {
        let device = wire
            .sandbox
            .add_device(&NewDevice {
                fid,
                ..NewDevice::of(Platform::Fcm)
            })
            .unwrap();
        let target = if fid { "fid" } else { "token" };
        let message = json!({"message": {
            target: device.channel.address(),
            "notification": {"title": "Confirmed", "body": "Order 42"},
            "data": {"order": "42"},
            "android": {
                "collapseKey": "42", "priority": "HIGH", "ttl": "1800s", "notification": {"tag": "42", "channelId": "orders"},
            },
            "fcmOptions": {"analyticsLabel": "confirmed_1"},
        }});
        let (status, answer) = send(&wire, &token, &message).await;
        assert_eq!(status, 200, "{answer}");
        let shown = wire
            .get(&format!("/deliveries?device={}&collapse_key=42", device.id))
            .await;
        assert_eq!(shown[0]["provider_id"], answer["name"]);
        assert_eq!(
            (&shown[0]["title"], &shown[0]["body"]),
            (&json!("Confirmed"), &json!("Order 42"))
        );
        let options = json!({"priority": "HIGH", "ttl": "1800s", "channel_id": "orders", "analytics_label": "confirmed_1"});
        assert_eq!(shown[0]["options"], options);
        let crossed = json!({"message": {if fid { "token" } else { "fid" }: device.channel.address()}});
        assert_eq!(send(&wire, &token, &crossed).await.0, 400);
    }
}

#[tokio::test]
async fn a_wrong_assertion_is_refused() {
    let wire = Wire::start().await;
    let key = account(&wire)["private_key"].as_str().unwrap().to_owned();
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256)
        .unwrap()
        .serialize_pem();
    let changed = |name: &str, value: Value| {
        let mut claims = claims(&wire);
        claims[name] = value;
        claims
    };
    for (claims, key, error) in [
        (claims(&wire), &other, "invalid_grant"),
        (
            changed("iss", "someone@example.com".into()),
            &key,
            "invalid_grant",
        ),
        (
            changed("aud", "https://oauth2.googleapis.com/token".into()),
            &key,
            "invalid_grant",
        ),
        (changed("exp", (wire.now() + 7200).into()), &key, "invalid_grant"),
        (changed("iat", (wire.now() + 900).into()), &key, "invalid_grant"),
        (changed("scope", "email".into()), &key, "invalid_scope"),
    ] {
        let response = exchange(&wire, GRANT, &claims, key).await;
        assert_eq!(response.status().as_u16(), 400, "{claims}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"], error, "{claims}");
    }
    let grant = exchange(&wire, "password", &claims(&wire), &key).await;
    assert_eq!(
        grant.json::<Value>().await.unwrap()["error"],
        "unsupported_grant_type"
    );
}

#[tokio::test]
async fn a_token_that_ended_a_wrong_project_and_a_wrong_path_are_refused() {
    let wire = Wire::start().await;
    let token = token(&wire).await;
    let device = wire.device(Platform::Fcm);
    let message = json!({"message": {"token": device.channel.address()}});
    let at = |path: &str| format!("{}/v1/projects/{path}", wire.sandbox.push_url);
    let other = wire
        .http
        .post(at("other/messages:send"))
        .bearer_auth(&token)
        .json(&message)
        .send()
        .await
        .unwrap();
    assert_eq!(other.status().as_u16(), 403);
    assert_eq!(
        other.json::<Value>().await.unwrap()["error"]["status"],
        "PERMISSION_DENIED"
    );
    let path = wire
        .http
        .post(at("waybill-sandbox/messages:shout"))
        .json(&message)
        .send()
        .await
        .unwrap();
    assert_eq!(path.status().as_u16(), 404);
    wire.pass(3_600);
    let (status, body) = send(&wire, &token, &message).await;
    assert_eq!(
        (status, &body["error"]["status"]),
        (401, &json!("UNAUTHENTICATED"))
    );
    assert!(wire.deliveries().is_empty());
}

#[tokio::test]
async fn each_wrong_message_is_refused() {
    let wire = Wire::start().await;
    let token = token(&wire).await;
    let device = wire.device(Platform::Fcm);
    let to = device.channel.address();
    let with = |name: &str, value: Value| json!({"message": {"token": to, name: value}});
    for (body, field) in [
        (json!({"message": {"token": to}, "urgent": true}), ""),
        (json!({}), "message"),
        (with("title", "x".into()), "message"),
        (json!({"message": {"notification": {"title": "x"}}}), "message"),
        (with("fid", "x".into()), "message"),
        (json!({"message": {"topic": "news"}}), "topic"),
        (with("fcm_options", json!({"label": "x"})), "message.fcm_options"),
        (
            with("fcm_options", json!({"analytics_label": "two words"})),
            "message.fcm_options.analytics_label",
        ),
        (
            with("notification", json!({"title": "x", "colour": "red"})),
            "message.notification",
        ),
        (with("data", json!({"version": 12})), "message.data[0].value"),
        (with("data", json!({"from": "x"})), "message.data"),
        (with("android", json!({"collapse": "x"})), "message.android"),
        (with("android", json!({"ttl": "soon"})), "message.android.ttl"),
        (with("android", json!({"ttl": "2419201s"})), "message.android.ttl"),
        (
            with("android", json!({"priority": "URGENT"})),
            "message.android.priority",
        ),
    ] {
        let (status, answer) = send(&wire, &token, &body).await;
        assert_eq!(
            (status, &answer["error"]["status"]),
            (400, &json!("INVALID_ARGUMENT")),
            "{body}"
        );
        let details = answer["error"]["details"].as_array().unwrap();
        let named = details
            .iter()
            .find_map(|detail| detail["fieldViolations"][0]["field"].as_str());
        assert_eq!(named, Some(field), "{body}");
    }
    let fits = with("data", json!({"k": "x".repeat(4095)}));
    assert_eq!(send(&wire, &token, &fits).await.0, 200);
    let (status, answer) = send(&wire, &token, &with("data", json!({"k": "x".repeat(4096)}))).await;
    assert_eq!((status, code(&answer)), (400, Some("INVALID_ARGUMENT")));
    assert_eq!(wire.deliveries().len(), 1);
}

#[tokio::test]
async fn an_unknown_target_is_invalid_or_unregistered() {
    let wire = Wire::start().await;
    let token = token(&wire).await;
    let (status, answer) = send(&wire, &token, &json!({"message": {"token": "nonsense"}})).await;
    assert_eq!((status, code(&answer)), (400, Some("INVALID_ARGUMENT")));
    let gone = format!("{}:APA91b{}", "x".repeat(22), "y".repeat(128));
    let (status, answer) = send(&wire, &token, &json!({"message": {"token": gone}})).await;
    assert_eq!((status, code(&answer)), (404, Some("UNREGISTERED")));
}

#[tokio::test]
async fn faults_answer_as_google_does() {
    let wire = Wire::start().await;
    let token = token(&wire).await;
    let device = wire.device(Platform::Fcm);
    let message = json!({"message": {"token": device.channel.address()}});
    for (kind, status, named) in [
        (FaultKind::Gone, 404, Some("UNREGISTERED")),
        (FaultKind::Throttled, 429, Some("QUOTA_EXCEEDED")),
        (FaultKind::Unavailable, 503, Some("UNAVAILABLE")),
        (FaultKind::InternalError, 500, Some("INTERNAL")),
        (FaultKind::ExpiredToken, 401, None),
    ] {
        wire.sandbox
            .set_fault(&device.id, Some(Fault::new(kind).times(1)));
        let (is, answer) = send(&wire, &token, &message).await;
        assert_eq!((is, code(&answer)), (status, named));
    }
    assert!(wire.deliveries().is_empty());
}
