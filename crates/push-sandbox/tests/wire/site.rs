//! The port for people and tools.

use crate::Wire;
use push_sandbox::{NewDevice, Options, Platform, Sandbox};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

#[tokio::test]
async fn a_device_comes_with_the_request_that_registers_it() {
    let wire = Wire::start().await;
    let url = format!("{}/devices", wire.sandbox.http_url);
    for platform in ["apns", "fcm", "wns", "webpush"] {
        let response = wire
            .http
            .post(&url)
            .json(&json!({ "platform": platform }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 201);
        let device: Value = response.json().await.unwrap();
        let registration = &device["registration"];
        let installation = device["installation_id"].as_str().unwrap();
        assert_eq!(
            registration["url"],
            format!("http://localhost:8081/v1/installations/{installation}")
        );
        assert_eq!(registration["body"]["platform"], platform);
        assert_eq!(registration["body"]["channel"], device["channel"]);
    }
    let devices = wire.get("/devices").await;
    assert_eq!(devices.as_array().unwrap().len(), 4);
    assert!(
        devices[0]["channel"]["token"]
            .as_str()
            .unwrap()
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
    );
    assert_eq!(devices[1]["channel"]["kind"], "token");
    let uri = devices[2]["channel"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("https://sandbox.notify.windows.com/?token="));
    let subscription = &devices[3]["channel"];
    let endpoint = subscription["endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with("https://push-sandbox.test/wp/"));
    assert_eq!(subscription["expirationTime"], Value::Null);
    let key = |name: &str| subscription["keys"][name].as_str().unwrap().len();
    assert_eq!((key("p256dh"), key("auth")), (87, 22));
    assert_eq!(
        devices[3].get("private_key"),
        None,
        "the browser keeps it to itself"
    );
    for bad in [
        json!({}),
        json!({"platform": "symbian"}),
        json!({"platform": "apns", "colour": "red"}),
    ] {
        assert_eq!(
            wire.http
                .post(&url)
                .json(&bad)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
            400
        );
    }
}

#[tokio::test]
async fn the_page_works_without_script_and_says_it_is_no_real_service() {
    let wire = Wire::start().await;
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    let form = [("platform", "wns"), ("name", "<b>Anna</b>")];
    let url = &wire.sandbox.http_url;
    let made = browser
        .post(format!("{url}/devices"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status().as_u16(), 303);
    let page = browser.get(url).send().await.unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    let page = page.text().await.unwrap();
    assert!(page.contains("No real service."));
    assert!(page.contains("&#60;b&#62;Anna") && !page.contains("<b>Anna"));
    assert!(page.contains("curl -X PUT") && page.contains("/v1/installations/"));
    for asset in [
        "assets/page.js",
        "assets/page.css",
        "healthz",
        "credentials",
        "ca.pem",
        "refusals",
    ] {
        let status = browser
            .get(format!("{url}/{asset}"))
            .send()
            .await
            .unwrap()
            .status();
        assert_eq!(status.as_u16(), 200, "{asset}");
    }
    let device = wire.get("/devices").await[0]["id"].as_str().unwrap().to_owned();
    let fault = format!("{url}/devices/{device}/fault");
    browser
        .post(&fault)
        .form(&[("kind", "410")])
        .send()
        .await
        .unwrap();
    assert_eq!(
        wire.get(&format!("/devices/{device}")).await["fault"]["kind"],
        "410"
    );
    assert_eq!(
        browser.delete(&fault).send().await.unwrap().status().as_u16(),
        200
    );
    assert_eq!(
        wire.get(&format!("/devices/{device}")).await["fault"],
        Value::Null
    );
    let unknown = browser
        .put(&fault)
        .json(&json!({"kind": "flood"}))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status().as_u16(), 400);
}

#[tokio::test]
async fn the_live_feed_names_the_phone_that_changed() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let mut live = wire
        .http
        .get(format!("{}/live", wire.sandbox.http_url))
        .send()
        .await
        .unwrap();
    let mut heard = String::from_utf8(live.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(heard.contains("event: all"));
    wire.sandbox.set_fault(&device.id, None);
    let wanted = format!("event: screen\ndata: {}", device.id);
    while !heard.contains(&wanted) {
        let more = tokio::time::timeout(std::time::Duration::from_secs(10), live.chunk())
            .await
            .unwrap();
        heard.push_str(std::str::from_utf8(&more.unwrap().unwrap()).unwrap());
    }
    wire.sandbox.stop().await;
    let rest = tokio::time::timeout(std::time::Duration::from_secs(10), live.chunk())
        .await
        .unwrap();
    assert!(matches!(rest, Ok(None)), "the feed ends with the sandbox");
}

#[tokio::test]
async fn credentials_are_kept_on_restart_and_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("sandbox");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let sandbox = Sandbox::start(Options::on_free_ports(&data)).await.unwrap();
        let own = sandbox.credentials.clone();
        let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
        for path in [&own.apns.key_path, &own.fcm.service_account_path] {
            assert_eq!(
                std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        let account: Value = serde_json::from_str(&read(&own.fcm.service_account_path)).unwrap();
        assert_eq!(account["token_uri"], format!("{}/token", sandbox.push_url));
        let kept = (
            read(&own.ca_pem_path),
            read(&own.apns.key_path),
            account["private_key"].clone(),
        );
        seen.push((
            kept,
            own.apns.key_id.clone(),
            own.wns.app_sdk.client_secret.clone(),
            own.webpush.public_key.clone(),
        ));
        sandbox.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn the_hubs_environment_is_handed_out() {
    let wire = Wire::start().await;
    let handed = wire.get("/credentials").await;
    assert_eq!(handed["environment"]["APNS_KEY_ID"], handed["apns"]["key_id"]);
    let read = |name: &str| std::fs::read_to_string(handed["environment"][name].as_str().unwrap()).unwrap();
    assert_eq!(
        read("WNS_CLIENT_SECRET_FILE"),
        handed["wns"]["app_sdk"]["client_secret"].as_str().unwrap()
    );
    assert!(read("PUSH_ROOT_CA").starts_with("-----BEGIN CERTIFICATE-----"));
}

#[tokio::test]
async fn a_phone_outlives_a_restart_and_a_half_written_line() {
    let folder = tempfile::tempdir().unwrap();
    let first = Sandbox::start(Options::on_free_ports(folder.path()))
        .await
        .unwrap();
    let phone = first.add_device(&NewDevice::of(Platform::Fcm)).unwrap();
    first.stop().await;
    let file = folder.path().join("devices.ndjson");
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{whole}{{\"id\":\"apns-0")).unwrap();

    let second = Sandbox::start(Options::on_free_ports(folder.path()))
        .await
        .unwrap();
    let pc = second.add_device(&NewDevice::of(Platform::Wns)).unwrap();
    second.stop().await;
    let third = Sandbox::start(Options::on_free_ports(folder.path()))
        .await
        .unwrap();
    let devices: Vec<Value> = reqwest::get(format!("{}/devices", third.http_url))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let channels: Vec<&Value> = devices.iter().map(|device| &device["channel"]).collect();
    assert_eq!(channels, [&json!(phone.channel), &json!(pc.channel)]);
}
