//! APNs as it fails on demand.

use push_sandbox::{Fault, FaultKind, Platform};
use serde_json::{Value, json};

use crate::Wire;
use crate::apns::{good, refused};

#[tokio::test]
async fn faults_come_as_often_as_asked_for() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let fault = json!({"kind": "429", "retry_after": 7, "times": 2});
    let url = format!("{}/devices/{}/fault", wire.sandbox.http_url, device.id);
    assert_eq!(
        wire.http
            .put(&url)
            .json(&fault)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );
    for _ in 0..2 {
        let response = good(&wire, device.channel.address()).send().await.unwrap();
        assert_eq!(response.headers()["retry-after"], "7");
        assert_eq!(refused(response).await, (429, "TooManyRequests".to_owned()));
    }
    assert_eq!(
        good(&wire, device.channel.address())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );

    wire.sandbox
        .set_fault(&device.id, Some(Fault::new(FaultKind::Gone)));
    let gone = good(&wire, device.channel.address()).send().await.unwrap();
    assert_eq!(gone.status().as_u16(), 410);
    let body: Value = gone.json().await.unwrap();
    assert_eq!(body["reason"], "Unregistered");
    assert!(body["timestamp"].as_i64().unwrap() >= wire.now() * 1000);
    for (kind, status) in [
        (FaultKind::InternalError, 500),
        (FaultKind::Unavailable, 503),
        (FaultKind::ExpiredToken, 403),
    ] {
        wire.sandbox.set_fault(&device.id, Some(Fault::new(kind)));
        assert_eq!(
            good(&wire, device.channel.address())
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
            status
        );
    }
    assert_eq!(wire.deliveries().len(), 1);
}

#[tokio::test]
async fn a_connection_can_fail_under_a_push() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    wire.sandbox
        .set_fault(&device.id, Some(Fault::new(FaultKind::GoAway).times(1)));
    assert_eq!(
        good(&wire, device.channel.address())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );
    assert_eq!(
        good(&wire, device.channel.address())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );

    wire.sandbox
        .set_fault(&device.id, Some(Fault::new(FaultKind::Reset).times(1)));
    assert!(good(&wire, device.channel.address()).send().await.is_err());
    assert_eq!(wire.deliveries().len(), 3, "taken, but not answered");

    wire.sandbox
        .set_fault(&device.id, Some(Fault::new(FaultKind::BlackHole).times(1)));
    let waited = good(&wire, device.channel.address()).timeout(std::time::Duration::from_millis(200));
    assert!(waited.send().await.unwrap_err().is_timeout());
    let late = Fault {
        delay_ms: Some(300),
        ..Fault::new(FaultKind::Slow)
    };
    wire.sandbox.set_fault(&device.id, Some(late.times(1)));
    let started = std::time::Instant::now();
    assert_eq!(
        good(&wire, device.channel.address())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        200
    );
    assert!(started.elapsed() >= std::time::Duration::from_millis(300));
    assert_eq!(wire.deliveries().len(), 4);
}
