//! Pushes that show nothing, pushes that may wait, and pushes that are too long, on every platform.

use notification_hub::gateway::{Answer, Kind};
use push_sandbox::{Delivery, Platform};
use serde_json::json;

use crate::gateways::{ALL, Bench, push};
use crate::providers::{Providers, channel};

impl Bench {
    /// What arrives of a push of that kind and urgency.
    async fn arrives(&self, platform: Platform, kind: Kind, urgent: bool) -> Delivery {
        let device = self.providers.device(platform);
        let mut push = push(channel(&device));
        (push.kind, push.urgent) = (kind, urgent);
        let answer = self.send(platform, &push).await;
        assert!(matches!(answer, Answer::Sent { .. }), "{platform:?}: {answer:?}");
        let [arrived] = self.providers.arrived_at(&device).try_into().unwrap();
        let order = &push.data[0].1;
        assert!(arrived.payload.to_string().contains(order), "{}", arrived.payload);
        arrived
    }
}

#[tokio::test]
async fn a_silent_push_shows_nothing_and_hands_its_data_to_the_app() {
    let bench = Bench::set().await;
    for platform in ALL {
        let arrived = bench.arrives(platform, Kind::Background, true).await;
        assert_eq!(
            (arrived.title.as_str(), arrived.body.as_str()),
            ("", ""),
            "{platform:?}"
        );
        let option = |name: &str| arrived.options.get(name).map(String::as_str);
        match platform {
            Platform::Apns => {
                assert_eq!(
                    (option("apns-push-type"), option("apns-priority")),
                    (Some("background"), Some("5"))
                );
                assert_eq!(arrived.payload["aps"]["content-available"], 1);
                assert_eq!(arrived.payload["aps"].get("alert"), None);
            }
            Platform::Fcm => {
                assert_eq!(arrived.payload.get("notification"), None);
                assert_eq!(arrived.payload["android"].get("notification"), None);
            }
            Platform::Wns => {
                assert_eq!(option("x-wns-type"), Some("wns/raw"));
                assert_eq!(arrived.collapse_key, None, "only what is shown has a tag");
                let text = arrived.payload.as_str().unwrap();
                let data: serde_json::Value = serde_json::from_str(text).unwrap();
                assert_eq!(data["order"], "order-42");
            }
            Platform::WebPush => assert_eq!(arrived.payload.get("title"), None),
        }
    }
    assert_eq!(bench.providers.sandbox.refusals().len(), 0);
}

#[tokio::test]
async fn what_is_urgent_is_told_from_what_may_wait() {
    let bench = Bench::set().await;
    for (platform, name, urgent, normal) in [
        (Platform::Apns, "apns-priority", "10", "5"),
        (Platform::Fcm, "priority", "HIGH", "NORMAL"),
        (Platform::Wns, "x-wns-priority", "1", "2"),
        (Platform::WebPush, "urgency", "high", "normal"),
    ] {
        for (is_urgent, expected) in [(true, urgent), (false, normal)] {
            let arrived = bench.arrives(platform, Kind::Alert, is_urgent).await;
            assert_eq!(arrived.options[name], expected, "{platform:?}");
        }
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_it_is_sent() {
    let bench = Bench::set().await;
    for platform in ALL {
        for kind in [Kind::Alert, Kind::Background] {
            let device = bench.providers.device(platform);
            let mut push = push(channel(&device));
            push.kind = kind;
            push.data.push(("more".into(), "x".repeat(6_000)));
            let answer = bench.send(platform, &push).await;
            let Answer::Refused { why } = &answer else {
                panic!("{platform:?}: {answer:?}")
            };
            assert!(why.contains("bytes long"), "{platform:?}: {why}");
        }
    }
    assert_eq!(bench.providers.sandbox.refusals().len(), 0);
}

#[tokio::test]
async fn the_longest_that_each_service_takes_is_taken() {
    let bench = Bench::set().await;
    for platform in ALL {
        let device = bench.providers.device(platform);
        let mut push = push(channel(&device));
        push.data.push(("more".into(), String::new()));
        let mut fits = 0;
        let mut too_long = 6_000;
        // Halves the span until the longest that the gateway sends is found.
        while too_long - fits > 1 {
            let length = usize::midpoint(fits, too_long);
            push.data.last_mut().unwrap().1 = "x".repeat(length);
            match bench.send(platform, &push).await {
                Answer::Sent { .. } => fits = length,
                Answer::Refused { .. } => too_long = length,
                other => panic!("{platform:?}, {length}: {other:?}"),
            }
        }
        assert!(fits > 3_400, "{platform:?} took {fits} bytes");
    }
    assert_eq!(
        bench.providers.sandbox.refusals().len(),
        0,
        "the limits are the services' own"
    );
}

#[tokio::test]
async fn android_is_told_its_channel_and_google_the_label() {
    let providers = Providers::start().await;
    let mut flags = providers.flags();
    flags.extend([
        "--fcm-android-channel=orders".into(),
        "--fcm-analytics-label=order_news".into(),
    ]);
    let gateways = providers.gateways(&flags).await;
    let bench = Bench { providers, gateways };
    let arrived = bench.arrives(Platform::Fcm, Kind::Alert, true).await;
    assert_eq!(arrived.payload["android"]["notification"]["channel_id"], "orders");
    assert_eq!(
        arrived.payload["fcm_options"],
        json!({"analytics_label": "order_news"})
    );
    let silent = bench.arrives(Platform::Fcm, Kind::Background, true).await;
    assert_eq!(silent.options.get("channel_id"), None);
}

#[tokio::test]
async fn a_further_app_has_a_topic_of_its_own() {
    let providers = Providers::start().await;
    let mut flags = providers.flags();
    flags.push("--apns-app-topics=staff=shop.waybill.staff,other=shop.waybill.demo".into());
    let gateways = providers.gateways(&flags).await;
    let bench = Bench { providers, gateways };
    let device = bench.providers.device(Platform::Apns);
    let mut push = push(channel(&device));
    for (app, known) in [("shop", true), ("other", true), ("staff", false)] {
        push.app = app.into();
        let answer = bench.send(Platform::Apns, &push).await;
        assert_eq!(matches!(answer, Answer::Sent { .. }), known, "{app}: {answer:?}");
    }
    let refused = bench.providers.sandbox.refusals();
    assert_eq!(
        refused[0].reason, "TopicDisallowed",
        "the sandbox's team has one app"
    );
}
