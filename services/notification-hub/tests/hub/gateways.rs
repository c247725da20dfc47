//! What each answer of a push service means, over real TLS and HTTP.

use std::time::Duration;

use chassis::clock;
use notification_hub::gateway::{Answer, Gateway, Kind, Push};
use notification_hub::platforms::Platforms;
use push_sandbox::{Device, Fault, FaultKind, NewDevice, Platform, WnsSignIn};
use push_texts::Text;

use crate::providers::{Providers, channel};

pub(crate) const ALL: [Platform; 4] = [Platform::Apns, Platform::Fcm, Platform::Wns, Platform::WebPush];

pub(crate) fn push(to: storage::Channel) -> Push {
    Push {
        id: clock::random_id(),
        app: "shop".into(),
        channel: to,
        environment: "production".into(),
        collapse: clock::random_id().to_string(),
        data: vec![("order".into(), "order-42".into())],
        urgent: true,
        kind: Kind::Alert,
        text: Text {
            title: "Tee & <Tassen>".into(),
            body: "Für \"Sie\"".into(),
        },
        locale: "de".into(),
        subject: None,
        deadline: clock::now() + Duration::from_secs(1800),
    }
}

pub(crate) struct Bench {
    pub(crate) providers: Providers,
    pub(crate) gateways: Platforms,
}

impl Bench {
    pub(crate) async fn set() -> Self {
        let providers = Providers::start().await;
        let gateways = providers.gateways(&providers.flags()).await;
        Self { providers, gateways }
    }

    pub(crate) async fn send(&self, platform: Platform, push: &Push) -> Answer {
        let (now, gateways) = (clock::now(), &self.gateways);
        match platform {
            Platform::Apns => gateways.apns.as_ref().unwrap().send(push, now).await,
            Platform::Fcm => gateways.fcm.as_ref().unwrap().send(push, now).await,
            Platform::Wns => gateways.wns.as_ref().unwrap().send(push, now).await,
            Platform::WebPush => gateways.webpush.as_ref().unwrap().send(push, now).await,
        }
    }

    /// The answer of a new device that shows `fault`.
    pub(crate) async fn faced_with(&self, platform: Platform, fault: Fault) -> (Answer, Device) {
        let device = self.providers.device(platform);
        assert!(self.providers.sandbox.set_fault(&device.id, Some(fault)));
        (self.send(platform, &push(channel(&device))).await, device)
    }
}

#[tokio::test]
async fn every_service_takes_a_push_and_shows_its_text() {
    let bench = Bench::set().await;
    for platform in ALL {
        let device = bench.providers.device(platform);
        let push = push(channel(&device));
        let answer = bench.send(platform, &push).await;
        let [arrived] = bench.providers.arrived_at(&device).try_into().unwrap();
        assert_eq!(
            answer,
            Answer::Sent {
                id: Some(arrived.provider_id.clone())
            }
        );
        assert_eq!(
            (arrived.title.as_str(), arrived.body.as_str()),
            ("Tee & <Tassen>", "Für \"Sie\"")
        );
        assert!(
            arrived.payload.to_string().contains("order-42"),
            "{}",
            arrived.payload
        );
        match platform {
            Platform::Apns => {
                assert_eq!(arrived.provider_id, push.id.to_string());
                assert_eq!(arrived.collapse_key, Some(push.collapse.clone()));
            }
            Platform::Fcm => assert_eq!(arrived.collapse_key, Some(push.collapse.clone())),
            Platform::Wns => assert_eq!(arrived.collapse_key.map(|tag| tag.len()), Some(16)),
            Platform::WebPush => assert_eq!(arrived.collapse_key.map(|topic| topic.len()), Some(32)),
        }
    }
    assert_eq!(bench.providers.sandbox.refusals().len(), 0);
}

#[tokio::test]
async fn a_target_named_by_installation_id_is_reached_too() {
    let bench = Bench::set().await;
    let wanted = NewDevice {
        fid: true,
        ..NewDevice::of(Platform::Fcm)
    };
    let device = bench.providers.sandbox.add_device(&wanted).unwrap();
    assert!(matches!(
        bench.send(Platform::Fcm, &push(channel(&device))).await,
        Answer::Sent { .. }
    ));
}

#[tokio::test]
async fn a_wait_that_a_service_asks_for_is_kept_and_a_failure_is_tried_again() {
    let bench = Bench::set().await;
    for platform in ALL {
        let throttled = Fault::new(FaultKind::Throttled).retry_after(7);
        let (answer, device) = bench.faced_with(platform, throttled).await;
        let seven = Some(Duration::from_secs(7));
        assert!(
            matches!(&answer, Answer::Retry { after, .. } if *after == seven),
            "{platform:?}: {answer:?}"
        );
        assert!(bench.providers.arrived_at(&device).is_empty());
        for kind in [FaultKind::InternalError, FaultKind::Unavailable] {
            let (answer, _) = bench.faced_with(platform, Fault::new(kind)).await;
            assert!(
                matches!(answer, Answer::Retry { .. }),
                "{platform:?}, {kind:?}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_device_that_is_gone_is_told_from_one_that_is_not() {
    let bench = Bench::set().await;
    for platform in ALL {
        let (answer, _) = bench.faced_with(platform, Fault::new(FaultKind::Gone)).await;
        let Answer::Gone { as_of, .. } = &answer else {
            panic!("{platform:?}: {answer:?}")
        };
        assert_eq!(
            as_of.is_some(),
            platform == Platform::Apns,
            "only Apple says since when"
        );
    }
    let (blocked, _) = bench
        .faced_with(Platform::Wns, Fault::new(FaultKind::DomainBlocked))
        .await;
    assert!(matches!(blocked, Answer::Barred { .. }), "{blocked:?}");
    let (dropped, _) = bench
        .faced_with(Platform::Wns, Fault::new(FaultKind::Dropped))
        .await;
    assert!(
        matches!(dropped, Answer::Refused { .. }),
        "answered 200, but dropped: {dropped:?}"
    );
    let stranger = push(storage::Channel::Apns {
        token: "ab".repeat(32),
    });
    assert!(matches!(
        bench.send(Platform::Apns, &stranger).await,
        Answer::Gone { as_of: None, .. }
    ));
}

#[tokio::test]
async fn an_old_token_is_made_new_once_and_no_more() {
    let bench = Bench::set().await;
    for platform in ALL {
        let once = Fault::new(FaultKind::ExpiredToken).times(1);
        let (answer, device) = bench.faced_with(platform, once).await;
        assert!(matches!(answer, Answer::Sent { .. }), "{platform:?}: {answer:?}");
        assert_eq!(bench.providers.arrived_at(&device).len(), 1);
        let before = bench.providers.sandbox.refusals().len();
        let (answer, _) = bench
            .faced_with(platform, Fault::new(FaultKind::ExpiredToken))
            .await;
        assert!(
            matches!(answer, Answer::Barred { .. }),
            "{platform:?}: {answer:?}"
        );
        assert_eq!(
            bench.providers.sandbox.refusals().len() - before,
            2,
            "asked twice, not more"
        );
    }
}

#[tokio::test]
async fn a_cut_connection_is_unknown_and_the_next_push_goes_over_a_new_one() {
    let bench = Bench::set().await;
    for platform in ALL {
        let (answer, device) = bench
            .faced_with(platform, Fault::new(FaultKind::Reset).times(1))
            .await;
        assert!(
            matches!(answer, Answer::Unknown { .. }),
            "{platform:?}: {answer:?}"
        );
        assert_eq!(
            bench.providers.arrived_at(&device).len(),
            1,
            "it had arrived all the same"
        );
        let again = bench.send(platform, &push(channel(&device))).await;
        assert!(matches!(again, Answer::Sent { .. }), "{platform:?}: {again:?}");
    }
}

#[tokio::test]
async fn a_connection_that_says_goodbye_loses_nothing() {
    let bench = Bench::set().await;
    for platform in [Platform::Apns, Platform::Fcm, Platform::WebPush] {
        let (answer, device) = bench.faced_with(platform, Fault::new(FaultKind::GoAway)).await;
        assert!(matches!(answer, Answer::Sent { .. }), "{platform:?}: {answer:?}");
        for _ in 0..8 {
            let answer = bench.send(platform, &push(channel(&device))).await;
            assert!(matches!(answer, Answer::Sent { .. }), "{platform:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn windows_channels_of_both_sign_ins_are_reached_each_by_its_own() {
    let providers = Providers::start().await;
    let gateways = providers.gateways(&providers.uwp_flags()).await;
    assert!(
        gateways.apns.is_none() && gateways.fcm.is_none(),
        "no credentials, so switched off"
    );
    let wanted = NewDevice {
        sign_in: WnsSignIn::Uwp,
        ..NewDevice::of(Platform::Wns)
    };
    let (own, others) = (
        providers.sandbox.add_device(&wanted).unwrap(),
        providers.device(Platform::Wns),
    );
    let wns = gateways.wns.unwrap();
    let sent = wns.send(&push(channel(&own)), clock::now()).await;
    assert!(matches!(sent, Answer::Sent { .. }), "{sent:?}");
    let refused = wns.send(&push(channel(&others)), clock::now()).await;
    assert!(matches!(refused, Answer::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_service_that_is_away_was_sent_nothing() {
    let bench = Bench::set().await;
    let devices = ALL.map(|platform| (platform, channel(&bench.providers.device(platform))));
    let Bench { providers, gateways } = bench;
    providers.sandbox.stop().await;
    let bench = Bench {
        providers: Providers::start().await,
        gateways,
    };
    for (platform, channel) in devices {
        let answer = bench.send(platform, &push(channel)).await;
        assert!(
            matches!(answer, Answer::Retry { after: None, .. }),
            "{platform:?}: {answer:?}"
        );
    }
}
