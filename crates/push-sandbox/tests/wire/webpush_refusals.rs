//! What a push service turns away, and with which words.

use p256::ecdsa::SigningKey;
use p256::pkcs8::DecodePrivateKey as _;
use push_sandbox::{Device, Platform};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::Wire;
use crate::webpush::{address, authorization, claims, encrypted, good, mapped, own_key};

async fn refused(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], status);
    assert!(!body["message"].as_str().unwrap().is_empty());
    (status, body["errno"].clone())
}

/// The good request with another `Authorization`.
fn signed_as(wire: &Wire, http: &Client, device: &Device, authorization: &str) -> RequestBuilder {
    let request = good(wire, http, device).build().unwrap();
    let mut request = request;
    request
        .headers_mut()
        .insert("authorization", authorization.parse().unwrap());
    RequestBuilder::from_parts(http.clone(), request)
}

#[tokio::test]
async fn only_the_key_that_was_subscribed_for_and_a_token_in_order_are_let_in() {
    let wire = Wire::start().await;
    let (http, device) = (mapped(&wire), wire.device(Platform::WebPush));
    let own = own_key(&wire);
    let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let other = SigningKey::from_pkcs8_pem(&pem).unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = claims(&wire);
        claims[name] = value;
        authorization(&own, &claims)
    };
    let foreign = authorization(&other, &claims(&wire));
    let (_, foreign_key) = foreign.split_once(" k=").unwrap();
    let good_one = authorization(&own, &claims(&wire));
    let crossed = format!("{} k={foreign_key}", good_one.split_once(" k=").unwrap().0);
    for (case, authorization, status) in [
        ("another key", foreign.clone(), 403),
        ("a signature of another key", crossed, 401),
        (
            "another service",
            with("aud", json!("https://push.example.org")),
            401,
        ),
        (
            "an address, no origin",
            with("aud", json!(device.channel.address())),
            401,
        ),
        ("ended", with("exp", json!(wire.now())), 401),
        ("too long", with("exp", json!(wire.now() + 86_401)), 401),
        ("no end", with("exp", json!(null)), 401),
        ("an end in words", with("exp", json!("tomorrow")), 401),
        ("nobody to turn to", with("sub", json!(null)), 401),
        (
            "no address to turn to",
            with("sub", json!("push@example.org")),
            401,
        ),
        ("another scheme", good_one.replace("vapid ", "Bearer "), 401),
        ("no key", good_one.split_once(',').unwrap().0.to_owned(), 401),
        ("no token", "vapid k=x".to_owned(), 401),
        ("nonsense", "vapid t=a.b.c, k=d".to_owned(), 401),
    ] {
        let answer = signed_as(&wire, &http, &device, &authorization)
            .send()
            .await
            .unwrap();
        assert_eq!(
            answer.headers().contains_key("www-authenticate"),
            status == 401,
            "{case}"
        );
        assert_eq!(refused(answer).await, (status, json!(109)), "{case}");
    }
    let latest = with("exp", json!(wire.now() + 86_400));
    let answer = signed_as(&wire, &http, &device, &latest).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    assert_eq!(wire.deliveries().len(), 1);
}

#[tokio::test]
async fn each_wrong_message_has_its_number() {
    let wire = Wire::start().await;
    let (http, device) = (mapped(&wire), wire.device(Platform::WebPush));
    let stranger = wire.device(Platform::WebPush);
    let bare = || {
        http.post(address(&wire, device.channel.address()))
            .header("authorization", authorization(&own_key(&wire), &claims(&wire)))
    };
    let timed = || bare().header("ttl", "60");
    let coded = || timed().header("content-encoding", "aes128gcm");
    let body = encrypted(&device, b"{}");
    let mut changed = body.clone();
    changed[100] ^= 1;
    // 103 bytes of header, delimiter and tag: 3,993 bytes of text are the most.
    let (fits, too_long) = (
        encrypted(&device, &[b'x'; 3_993]),
        encrypted(&device, &[b'x'; 3_994]),
    );
    assert_eq!((fits.len(), too_long.len()), (4_096, 4_097));
    let many = body.repeat(60);
    for (case, request, status, errno) in [
        ("no TTL", bare().body(body.clone()), 400, json!(111)),
        (
            "a TTL in words",
            bare().header("ttl", "soon").body(body.clone()),
            400,
            json!(112),
        ),
        (
            "a negative TTL",
            bare().header("ttl", "-1").body(body.clone()),
            400,
            json!(112),
        ),
        (
            "a long topic",
            coded().header("topic", "x".repeat(33)).body(body.clone()),
            400,
            json!(113),
        ),
        (
            "an odd topic",
            coded().header("topic", "order 42").body(body.clone()),
            400,
            json!(113),
        ),
        (
            "no urgency",
            coded().header("urgency", "asap").body(body.clone()),
            400,
            json!(null),
        ),
        ("no encoding", timed().body(body.clone()), 400, json!(110)),
        (
            "an old encoding",
            timed().header("content-encoding", "aesgcm").body(body.clone()),
            400,
            json!(110),
        ),
        (
            "plain text",
            coded().body("{\"title\":\"Confirmed\"}"),
            400,
            json!(110),
        ),
        (
            "for another browser",
            coded().body(encrypted(&stranger, b"{}")),
            400,
            json!(110),
        ),
        ("changed on the way", coded().body(changed), 400, json!(110)),
        ("too long", coded().body(too_long), 413, json!(104)),
        ("far too long", coded().body(many), 413, json!(104)),
        (
            "another method",
            http.get(address(&wire, device.channel.address())),
            405,
            json!(null),
        ),
        (
            "an unknown endpoint",
            http.post(address(&wire, &format!("{}x", device.channel.address()))),
            404,
            json!(102),
        ),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(refused(answer).await, (status, errno), "{case}");
    }
    assert!(wire.deliveries().is_empty());
    assert_eq!(wire.sandbox.refusals().len(), 15);
    assert_eq!(coded().body(fits).send().await.unwrap().status().as_u16(), 201);
}
