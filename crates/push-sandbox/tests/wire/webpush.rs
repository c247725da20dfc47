//! Web Push over the wire: what a push service refuses is refused, what it takes the browser reads.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use push_sandbox::{Channel, Device, Fault, FaultKind, Options, Platform, Sandbox};
use reqwest::{Client, RequestBuilder, Version};
use serde_json::{Value, json};

use crate::Wire;

pub(crate) const ORIGIN: &str = "https://push-sandbox.test";

/// Goes to the sandbox for the browsers' host, as the hub does in dev mode.
pub(crate) fn mapped(wire: &Wire) -> Client {
    let mapped = Wire::trusting(&wire.sandbox).resolve("push-sandbox.test", wire.sandbox.push_addr);
    mapped.build().unwrap()
}

/// With the port of the push port: the address alone is mapped by the client.
pub(crate) fn address(wire: &Wire, endpoint: &str) -> String {
    let port = wire.sandbox.push_addr.port();
    endpoint.replace(ORIGIN, &format!("{ORIGIN}:{port}"))
}

/// The sandbox's own key.
pub(crate) fn own_key(wire: &Wire) -> SigningKey {
    let pem = std::fs::read_to_string(&wire.sandbox.credentials.webpush.vapid_key_path).unwrap();
    SigningKey::from_pkcs8_pem(&pem).unwrap()
}

pub(crate) fn authorization(key: &SigningKey, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({"typ": "JWT", "alg": "ES256"})),
        part(claims)
    );
    let signature: Signature = key.sign(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
    let point = key.verifying_key().to_sec1_point(false);
    let public = URL_SAFE_NO_PAD.encode(point.as_bytes());
    format!("vapid t={signed}.{signature}, k={public}")
}

pub(crate) fn claims(wire: &Wire) -> Value {
    json!({ "aud": ORIGIN, "exp": wire.now() + 3_600, "sub": "mailto:push@example.org" })
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived(salt: &[u8], secret: &[u8], info: &[&[u8]], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    let key = Salt::new(HKDF_SHA256, salt).extract(secret);
    key.expand(info, Bytes(length)).unwrap().fill(&mut out).unwrap();
    out
}

/// As a sender encrypts it, with a key of its own (RFC 8291, section 3).
pub(crate) fn encrypted(device: &Device, text: &[u8]) -> Vec<u8> {
    let Channel::WebPush { keys, .. } = &device.channel else {
        panic!("no browser")
    };
    let [browser, auth] = [&keys.p256dh, &keys.auth].map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
    let own = PrivateKey::generate(&ECDH_P256).unwrap();
    let public = own.compute_public_key().unwrap();
    let peer = UnparsedPublicKey::new(&ECDH_P256, &browser);
    let info = [b"WebPush: info\0".as_slice(), &browser, public.as_ref()];
    let shared = agree(&own, peer, (), |secret| Ok(derived(&auth, secret, &info, 32))).unwrap();
    let salt = [7; 16];
    let key = derived(&salt, &shared, &[b"Content-Encoding: aes128gcm\0"], 16);
    let nonce = derived(&salt, &shared, &[b"Content-Encoding: nonce\0"], 12);
    let mut record = [text, &[2]].concat();
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
    let nonce = Nonce::assume_unique_for_key(nonce.try_into().unwrap());
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
        .unwrap();
    let size = 4_096_u32.to_be_bytes();
    [&salt[..], &size, &[65], public.as_ref(), &record].concat()
}

pub(crate) fn good(wire: &Wire, http: &Client, device: &Device) -> RequestBuilder {
    let text =
        json!({"title": "Confirmed", "body": "Order 42", "tag": "42", "data": {"order": "42"}}).to_string();
    http.post(address(wire, device.channel.address()))
        .header("ttl", "1800")
        .header("content-encoding", "aes128gcm")
        .header("authorization", authorization(&own_key(wire), &claims(wire)))
        .body(encrypted(device, text.as_bytes()))
}

#[tokio::test]
async fn a_good_message_is_read_by_its_browser() {
    let wire = Wire::start().await;
    let (http, device) = (mapped(&wire), wire.device(Platform::WebPush));
    let request = good(&wire, &http, &device)
        .header("topic", "order-42")
        .header("urgency", "high");
    let response = request.send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (201, Version::HTTP_2)
    );
    let name = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(name.starts_with(&format!("{ORIGIN}/m/")), "{name}");
    assert_eq!(response.headers()["ttl"], "1800");
    let shown = wire
        .get("/deliveries?platform=webpush&collapse_key=order-42")
        .await;
    assert_eq!(
        (&shown[0]["title"], &shown[0]["body"]),
        (&json!("Confirmed"), &json!("Order 42"))
    );
    assert_eq!(shown[0]["payload"]["data"], json!({"order": "42"}));
    assert_eq!(
        (&shown[0]["provider_id"], &shown[0]["options"]["urgency"]),
        (&json!(name), &json!("high"))
    );
}

#[tokio::test]
async fn a_message_without_a_body_wakes_the_app() {
    let wire = Wire::start().await;
    let (http, device) = (mapped(&wire), wire.device(Platform::WebPush));
    let bare = http
        .post(address(&wire, device.channel.address()))
        .header("ttl", "0")
        .header("authorization", authorization(&own_key(&wire), &claims(&wire)));
    assert_eq!(bare.send().await.unwrap().status().as_u16(), 201);
    assert_eq!(wire.deliveries()[0].payload, Value::Null);
}

#[tokio::test]
async fn faults_answer_as_a_push_service_does() {
    let wire = Wire::start().await;
    let (http, device) = (mapped(&wire), wire.device(Platform::WebPush));
    for (kind, status, errno) in [
        (FaultKind::Throttled, 429, 201),
        (FaultKind::Gone, 410, 106),
        (FaultKind::ExpiredToken, 401, 109),
        (FaultKind::InternalError, 500, 999),
        (FaultKind::Unavailable, 503, 201),
    ] {
        wire.sandbox
            .set_fault(&device.id, Some(Fault::new(kind).retry_after(9).times(1)));
        let response = good(&wire, &http, &device).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{kind:?}");
        assert_eq!(response.headers()["retry-after"], "9");
        let body: Value = response.json().await.unwrap();
        assert_eq!((&body["code"], &body["errno"]), (&json!(status), &json!(errno)));
    }
    assert!(wire.deliveries().is_empty());
}

#[tokio::test]
async fn a_browser_reads_after_a_restart_what_is_sent_to_its_subscription() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::WebPush);
    let folder = tempfile::tempdir().unwrap();
    let before = wire.sandbox.credentials.ca_pem_path.parent().unwrap();
    for file in std::fs::read_dir(before).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let options = Options {
        clock: push_sandbox::Clock::new(|| jiff::Timestamp::from_second(1_800_000_000).unwrap()),
        ..Options::on_free_ports(folder.path())
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let wire = Wire { sandbox, ..wire };
    let http = mapped(&wire);
    let sent = good(&wire, &http, &device).send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 201);
    assert_eq!(wire.deliveries()[0].title, "Confirmed");
}
