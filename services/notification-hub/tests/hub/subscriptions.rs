//! Browsers: keys of their own, push services of anybody's.

use notification_hub::gateway::Answer;
use push_sandbox::{Fault, FaultKind, Platform};
use serde_json::json;

use crate::gateways::{Bench, push};
use crate::providers::{Providers, channel};

fn other_key(providers: &Providers) -> Vec<String> {
    let key = providers.sandbox.credentials.apns.key_path.display().to_string();
    let mut flags = providers.flags();
    flags.retain(|flag| !flag.starts_with("--webpush-vapid-key-file"));
    flags.push(format!("--webpush-vapid-key-file={key}"));
    flags
}

#[tokio::test]
async fn a_message_is_read_by_the_browser_it_was_encrypted_for() {
    let bench = Bench::set().await;
    let device = bench.providers.device(Platform::WebPush);
    let push = push(channel(&device));
    let answer = bench.send(Platform::WebPush, &push).await;
    let [arrived] = bench.providers.arrived_at(&device).try_into().unwrap();
    assert_eq!(
        answer,
        Answer::Sent {
            id: Some(arrived.provider_id.clone())
        }
    );
    let data = push.data.iter();
    let data: serde_json::Map<_, _> = data.map(|(name, value)| (name.clone(), json!(value))).collect();
    assert_eq!(
        arrived.payload,
        json!({"title": push.text.title, "body": push.text.body, "tag": push.collapse, "data": data})
    );
    let option = |name: &str| arrived.options[name].as_str();
    assert_eq!(
        (option("urgency"), option("content-encoding")),
        ("high", "aes128gcm")
    );
    let ttl: u64 = option("ttl").parse().unwrap();
    assert!((1_790..=1_800).contains(&ttl), "{ttl}");
    assert_eq!(option("topic").len(), 32, "a UUID is too long by its hyphens");
}

#[tokio::test]
async fn a_browser_that_subscribed_for_another_key_bars_us_and_stays() {
    let providers = Providers::start().await;
    let gateways = providers.gateways(&other_key(&providers)).await;
    let bench = Bench { providers, gateways };
    let device = bench.providers.device(Platform::WebPush);
    let answer = bench.send(Platform::WebPush, &push(channel(&device))).await;
    assert!(
        matches!(&answer, Answer::Barred { why } if why.starts_with("403 ")),
        "{answer:?}"
    );
    assert_eq!(
        bench.providers.sandbox.refusals().len(),
        1,
        "no other token would help"
    );
}

#[tokio::test]
async fn a_subscription_that_is_none_is_refused_and_one_that_ended_is_gone() {
    let bench = Bench::set().await;
    let (device, other) = (
        bench.providers.device(Platform::WebPush),
        bench.providers.device(Platform::WebPush),
    );
    let storage::Channel::WebPush { endpoint, auth, .. } = channel(&device) else {
        panic!("no browser")
    };
    let storage::Channel::WebPush { p256dh, .. } = channel(&other) else {
        panic!("no browser")
    };
    let crossed = storage::Channel::WebPush {
        endpoint: endpoint.clone(),
        p256dh: p256dh.clone(),
        auth: auth.clone(),
    };
    let answer = bench.send(Platform::WebPush, &push(crossed)).await;
    assert!(
        matches!(&answer, Answer::Refused { why } if why.starts_with("400 ")),
        "{answer:?}"
    );
    let unknown = storage::Channel::WebPush {
        endpoint: format!("{endpoint}x"),
        p256dh: p256dh.clone(),
        auth: auth.clone(),
    };
    let answer = bench.send(Platform::WebPush, &push(unknown)).await;
    assert!(matches!(answer, Answer::Gone { as_of: None, .. }), "{answer:?}");
    let seen = bench.providers.sandbox.refusals().len();
    for elsewhere in [
        "https://127.0.0.1/wp/x",
        "https://localhost/wp/x",
        "http://push-sandbox.test/wp/x",
    ] {
        let channel = storage::Channel::WebPush {
            endpoint: elsewhere.into(),
            p256dh: p256dh.clone(),
            auth: auth.clone(),
        };
        let answer = bench.send(Platform::WebPush, &push(channel)).await;
        assert!(
            matches!(answer, Answer::Refused { .. }),
            "{elsewhere}: {answer:?}"
        );
    }
    assert_eq!(bench.providers.sandbox.refusals().len(), seen, "none was sent");
}

#[tokio::test]
async fn the_token_that_takes_a_refused_ones_place_is_kept() {
    let bench = Bench::set().await;
    let once = Fault::new(FaultKind::ExpiredToken).times(1);
    let (answer, device) = bench.faced_with(Platform::WebPush, once).await;
    assert!(matches!(answer, Answer::Sent { .. }), "{answer:?}");
    let again = bench.send(Platform::WebPush, &push(channel(&device))).await;
    assert!(matches!(again, Answer::Sent { .. }), "{again:?}");
    assert_eq!(bench.providers.sandbox.refusals().len(), 1);
}
