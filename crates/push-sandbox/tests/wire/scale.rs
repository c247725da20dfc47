//! Many devices at once, faults by share, and counts that leave nothing out.

use push_sandbox::{NewDevices, Platform, Shares, Storm};
use serde_json::{Value, json};

use crate::Wire;
use crate::apns::good;

fn storm(shares: Shares) -> Storm {
    Storm {
        platform: Some(Platform::Apns),
        seed: 1,
        shares,
        retry_after: Some(2),
        goaway_every: None,
        black_holes: 0,
    }
}

async fn status(wire: &Wire, token: &str, collapse: &str) -> u16 {
    let request = good(wire, token).header("apns-collapse-id", collapse);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn many_devices_are_made_by_one_request_and_counted_but_not_shown() {
    let wire = Wire::start().await;
    let make = async |wanted: Value| {
        let url = format!("{}/devices/bulk", wire.sandbox.http_url);
        let answer = wire.http.post(url).json(&wanted).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status_code, made) = make(json!({ "platform": "apns", "count": 1_000 })).await;
    assert_eq!(status_code, 201);
    let made: Vec<Value> = made
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(made.len(), 1_000);
    assert_eq!(wire.get("/devices").await, json!([]));
    assert_eq!(
        make(json!({ "platform": "apns", "count": 1_000_000 })).await.0,
        507
    );
    assert_eq!(make(json!({ "platform": "pager", "count": 1 })).await.0, 400);

    let token = |index: usize| made[index]["channel"]["token"].as_str().unwrap();
    for (index, key) in [(0, "sale"), (0, "sale"), (0, "other"), (1, "sale")] {
        assert_eq!(status(&wire, token(index), key).await, 200);
    }
    let tally = wire.get("/tally").await;
    assert_eq!(
        (&tally["pushes"], &tally["repeats"], &tally["whole"]),
        (&json!(4), &json!(1), &json!(true))
    );
    assert_eq!(tally["live"]["by_keys"], json!({ "0": 998, "1": 1, "2": 1 }));
    assert_eq!(
        tally["by_key"][0],
        json!({ "collapse_key": "sale", "once": 1, "more": 1, "never": 998, "pushes": 3 })
    );
    assert_eq!(wire.get("/tally/count").await, json!({ "pushes": 4 }));
    let taken = wire.sandbox.taken();
    assert_eq!((taken[0].keys, taken[0].taken), (2, 3));
    assert_eq!(made[0]["installation_id"], json!(taken[0].installation_id));
}

#[tokio::test]
async fn faults_come_by_share_and_gone_devices_stay_gone() {
    let wire = Wire::start().await;
    let devices = wire
        .sandbox
        .add_devices(&NewDevices::of(Platform::Apns, 60))
        .unwrap();
    let half_gone = Shares {
        gone: 0.5,
        ..Shares::default()
    };
    assert!(wire.sandbox.rage(&storm(half_gone)));
    for _ in 0..2 {
        for (device, known) in devices.iter().zip(wire.sandbox.taken()) {
            let wanted = if known.gone { 410 } else { 200 };
            assert_eq!(status(&wire, device.channel.address(), "a").await, wanted);
        }
    }
    let tally = wire.sandbox.tally();
    assert_eq!(tally.live.devices + tally.gone.devices, 60);
    assert!((10..50).contains(&tally.gone.devices), "{tally:?}");
    assert_eq!(tally.gone.by_keys.get(&0), Some(&tally.gone.devices));
    assert_eq!(tally.live.by_keys.get(&1), Some(&tally.live.devices));

    let throttled = Shares {
        throttled: 1.0,
        ..Shares::default()
    };
    assert!(wire.sandbox.rage(&storm(throttled)));
    let answer = good(&wire, devices[0].channel.address()).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"2".parse().unwrap())
    );
    let told = wire.get("/faults").await;
    assert_eq!(
        (&told[0]["shown"]["429"], &told[0]["seed"]),
        (&json!(1), &json!(1))
    );

    let url = format!("{}/faults", wire.sandbox.http_url);
    let bad = json!({ "seed": 1, "shares": { "429": 0.7, "5xx": 0.7 } });
    assert_eq!(
        wire.http
            .put(&url)
            .json(&bad)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        400
    );
    assert_eq!(
        wire.http.delete(&url).send().await.unwrap().status().as_u16(),
        204
    );
    for device in &devices {
        assert_eq!(status(&wire, device.channel.address(), "b").await, 200);
    }
}

#[tokio::test]
async fn connections_say_goaway_and_one_becomes_a_black_hole() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    let opened = || wire.sandbox.tally().opened_connections;
    assert!(wire.sandbox.rage(&Storm {
        goaway_every: Some(5),
        ..storm(Shares::default())
    }));
    for _ in 0..10 {
        assert_eq!(status(&wire, device.channel.address(), "a").await, 200);
    }
    assert!(opened() >= 2, "a connection carries five");

    assert!(wire.sandbox.rage(&Storm {
        black_holes: 1,
        ..storm(Shares::default())
    }));
    let impatient = Wire::trusting(&wire.sandbox)
        .timeout(std::time::Duration::from_millis(300))
        .build()
        .unwrap();
    let mut silent = 0;
    for _ in 0..40 {
        let request = good(&wire, device.channel.address()).build().unwrap();
        silent += usize::from(impatient.execute(request).await.is_err());
    }
    assert!(silent >= 20, "nothing comes back on it: {silent}");
    let fresh = Wire::trusting(&wire.sandbox).build().unwrap();
    let request = good(&wire, device.channel.address()).build().unwrap();
    assert_eq!(fresh.execute(request).await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn requests_are_kept_as_they_came_when_that_is_wanted() {
    let wire = Wire::start().await;
    let device = wire.device(Platform::Apns);
    assert_eq!(status(&wire, device.channel.address(), "before").await, 200);
    let url = format!("{}/samples", wire.sandbox.http_url);
    let wanted = wire.http.put(&url).json(&json!({ "count": 1 }));
    assert_eq!(wanted.send().await.unwrap().status().as_u16(), 204);
    assert_eq!(status(&wire, "00ff", "refused").await, 400);
    for key in ["kept", "too many"] {
        assert_eq!(status(&wire, device.channel.address(), key).await, 200);
    }
    let samples = wire.get("/samples").await;
    let [sample] = samples["apns"].as_array().unwrap().as_slice() else {
        panic!("{samples}")
    };
    assert_eq!(sample["http"], "2");
    assert_eq!(sample["path"], format!("/3/device/{}", device.channel.address()));
    let headers = sample["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["apns-collapse-id", "kept"])));
}
