//! WNS over the wire: what Microsoft refuses is refused, what it takes is shown.

use crate::Wire;
use push_sandbox::{Fault, FaultKind, NewDevice, Platform, WnsSignIn};
use reqwest::{Client, RequestBuilder, Response, Version};
use serde_json::{Value, json};

const TOAST: &str = r#"<toast launch="order=42"><visual><binding template="ToastGeneric"><text>Confirmed</text><text>Order 42</text></binding></visual></toast>"#;

/// Goes to the sandbox for WNS's hosts, as the hub does in dev mode.
fn mapped(wire: &Wire) -> Client {
    let mapped = Wire::trusting(&wire.sandbox).resolve("sandbox.notify.windows.com", wire.sandbox.push_addr);
    mapped.build().unwrap()
}

async fn sign_in(wire: &Wire, way: WnsSignIn, changed: Option<(&str, &str)>) -> Response {
    let wns = &wire.sandbox.credentials.wns;
    let (url, id, secret, scope) = match way {
        WnsSignIn::AppSdk => {
            let own = &wns.app_sdk;
            (&own.token_url, &own.client_id, &own.client_secret, &own.scope)
        }
        WnsSignIn::Uwp => (
            &wns.uwp.token_url,
            &wns.uwp.client_id,
            &wns.uwp.client_secret,
            &wns.uwp.scope,
        ),
    };
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", scope),
    ];
    if let Some((name, value)) = changed {
        form.retain(|(key, _)| *key != name);
        form.push((name, value));
    }
    wire.http.post(url).form(&form).send().await.unwrap()
}

async fn token(wire: &Wire, way: WnsSignIn) -> String {
    let answer: Value = sign_in(wire, way, None).await.json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

/// With the port of the push port: the address alone is mapped by the client.
fn address(wire: &Wire, uri: &str) -> String {
    let port = wire.sandbox.push_addr.port();
    uri.replace("notify.windows.com", &format!("notify.windows.com:{port}"))
}

fn good(wire: &Wire, http: &Client, uri: &str, token: &str) -> RequestBuilder {
    http.post(address(wire, uri))
        .bearer_auth(token)
        .header("content-type", "text/xml")
        .header("x-wns-type", "wns/toast")
        .body(TOAST)
}

#[tokio::test]
async fn a_good_toast_is_shown_by_both_ways_to_sign_in() {
    let wire = Wire::start().await;
    let http = mapped(&wire);
    for way in [WnsSignIn::AppSdk, WnsSignIn::Uwp] {
        let device = wire
            .sandbox
            .add_device(&NewDevice {
                sign_in: way,
                ..NewDevice::of(Platform::Wns)
            })
            .unwrap();
        let token = token(&wire, way).await;
        let request = good(&wire, &http, device.channel.address(), &token)
            .header("x-wns-tag", "order42")
            .header("x-wns-requestforstatus", "true");
        let response = request.send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.version()),
            (200, Version::HTTP_11)
        );
        assert_eq!(response.headers()["x-wns-status"], "received");
        assert_eq!(response.headers()["x-wns-deviceconnectionstatus"], "connected");
        let id = response.headers()["x-wns-msg-id"].to_str().unwrap().to_owned();
        let shown = wire
            .get(&format!("/deliveries?device={}&collapse_key=order42", device.id))
            .await;
        assert_eq!(
            (&shown[0]["title"], &shown[0]["body"]),
            (&json!("Confirmed"), &json!("Order 42"))
        );
        assert_eq!(shown[0]["provider_id"], json!(id));
    }
}

#[tokio::test]
async fn a_wrong_sign_in_is_refused() {
    let wire = Wire::start().await;
    for way in [WnsSignIn::AppSdk, WnsSignIn::Uwp] {
        for (name, value, status, error) in [
            ("grant_type", "password", 400, "unsupported_grant_type"),
            ("client_id", "someone", 401, "invalid_client"),
            ("client_secret", "guess", 401, "invalid_client"),
            ("scope", "everything", 400, "invalid_scope"),
        ] {
            let response = sign_in(&wire, way, Some((name, value))).await;
            assert_eq!(response.status().as_u16(), status, "{way:?} {name}");
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["error"], error);
        }
    }
    let other_scope = wire.sandbox.credentials.wns.uwp.scope.clone();
    let crossed = sign_in(&wire, WnsSignIn::AppSdk, Some(("scope", &other_scope))).await;
    assert_eq!(crossed.status().as_u16(), 400);
}

#[tokio::test]
async fn a_token_opens_only_its_own_channels_and_ends() {
    let wire = Wire::start().await;
    let http = mapped(&wire);
    let device = wire.device(Platform::Wns);
    let uri = device.channel.address();
    let other = token(&wire, WnsSignIn::Uwp).await;
    assert_eq!(
        good(&wire, &http, uri, &other)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        403
    );
    let own = token(&wire, WnsSignIn::AppSdk).await;
    assert_eq!(
        good(&wire, &http, uri, &own)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );
    wire.pass(3_600);
    let ended = good(&wire, &http, uri, &own).send().await.unwrap();
    assert_eq!(ended.status().as_u16(), 401);
    assert_eq!(
        ended.headers()["www-authenticate"],
        "Bearer error=\"invalid_token\""
    );
    wire.pass(30 * 86_400);
    let fresh = token(&wire, WnsSignIn::AppSdk).await;
    assert_eq!(
        good(&wire, &http, uri, &fresh)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        410
    );
}

#[tokio::test]
async fn each_wrong_request_has_its_status() {
    let wire = Wire::start().await;
    let http = mapped(&wire);
    let device = wire.device(Platform::Wns);
    let uri = device.channel.address();
    let token = token(&wire, WnsSignIn::AppSdk).await;
    let bare = || http.post(address(&wire, uri)).bearer_auth(&token);
    let typed = |kind: &'static str| bare().header("x-wns-type", kind);
    let toast = || typed("wns/toast").header("content-type", "text/xml");
    let padding = "x".repeat(5_001 - TOAST.len());
    let too_long = TOAST.replace("Order 42</text>", &format!("Order 42{padding}</text>"));
    assert_eq!(too_long.len(), 5_001);
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(TOAST)]));
    for (case, request, status) in [
        (
            "no type",
            bare().header("content-type", "text/xml").body(TOAST),
            400,
        ),
        (
            "unknown type",
            typed("wns/shout").header("content-type", "text/xml").body(TOAST),
            400,
        ),
        (
            "wrong content type",
            typed("wns/toast")
                .header("content-type", "application/json")
                .body(TOAST),
            400,
        ),
        ("no toast", toast().body("<tile/>"), 400),
        ("broken XML", toast().body("<toast>"), 400),
        (
            "long tag",
            toast().header("x-wns-tag", "x".repeat(17)).body(TOAST),
            400,
        ),
        (
            "odd tag",
            toast().header("x-wns-tag", "order-42").body(TOAST),
            400,
        ),
        (
            "bad time to live",
            toast().header("x-wns-ttl", "soon").body(TOAST),
            400,
        ),
        (
            "bad priority",
            toast().header("x-wns-priority", "high").body(TOAST),
            400,
        ),
        ("too long", toast().body(too_long), 413),
        ("chunked", toast().body(chunked), 411),
        ("no token", http.post(address(&wire, uri)).body(TOAST), 401),
        (
            "unknown channel",
            good(&wire, &http, &format!("{uri}x"), &token),
            404,
        ),
        ("another method", http.get(address(&wire, uri)), 405),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{case}");
        assert!(
            response.headers().contains_key("x-wns-error-description"),
            "{case}"
        );
    }
    assert!(wire.deliveries().is_empty());
}

#[tokio::test]
async fn http2_is_not_spoken() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Wns);
    let only_h2 = Wire::trusting(&wire.sandbox)
        .resolve("sandbox.notify.windows.com", wire.sandbox.push_addr)
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let token = token(&wire, WnsSignIn::AppSdk).await;
    assert!(
        good(&wire, &only_h2, device.channel.address(), &token)
            .send()
            .await
            .is_err()
    );
    assert!(wire.deliveries().is_empty());
}

#[tokio::test]
async fn faults_answer_as_wns_does() {
    let wire = Wire::start().await;
    let http = mapped(&wire);
    let device = wire.device(Platform::Wns);
    let token = token(&wire, WnsSignIn::AppSdk).await;
    for (kind, status, said) in [
        (FaultKind::Throttled, 406, "channelthrottled"),
        (FaultKind::Gone, 410, "dropped"),
        (FaultKind::DomainBlocked, 410, "dropped"),
        (FaultKind::ExpiredToken, 401, "dropped"),
        (FaultKind::Unavailable, 503, "dropped"),
        (FaultKind::Dropped, 200, "dropped"),
    ] {
        wire.sandbox
            .set_fault(&device.id, Some(Fault::new(kind).retry_after(9).times(1)));
        let response = good(&wire, &http, device.channel.address(), &token)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), status, "{kind:?}");
        assert_eq!(response.headers()["x-wns-status"], said, "{kind:?}");
        assert_eq!(response.headers().contains_key("retry-after"), status != 200);
        let blocked = response
            .headers()
            .get("x-wns-error-description")
            .is_some_and(|why| why == "Domain Blocked");
        assert_eq!(blocked, kind == FaultKind::DomainBlocked);
    }
    assert!(wire.deliveries().is_empty());
}
