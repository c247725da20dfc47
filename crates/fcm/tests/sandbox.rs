//! The client against the push sandbox: HTTP/2, TLS with a local CA, tokens and errors as Google has them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fcm::{Client, Config, FcmError, Message, MessageBuilder, Priority, RetryAfter, ServiceAccount, Target};
use jiff::Timestamp;
use push_sandbox::{Clock, Device, Fault, FaultKind, Filter, NewDevice, Options, Platform, Sandbox};
use tempfile::TempDir;

/// A sandbox, a phone, and a clock for both sides.
struct Stage {
    sandbox: Sandbox,
    phone: Device,
    clock: Arc<AtomicI64>,
    _folder: TempDir,
}

impl Stage {
    async fn set() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Arc::new(AtomicI64::new(1_800_000_000));
        let told = clock.clone();
        let told = Clock::new(move || Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap());
        let options = Options {
            clock: told,
            ..Options::on_free_ports(folder.path())
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let phone = sandbox.add_device(&NewDevice::of(Platform::Fcm)).unwrap();
        Self {
            sandbox,
            phone,
            clock,
            _folder: folder,
        }
    }

    fn config(&self) -> Config {
        let credentials = &self.sandbox.credentials;
        let account = ServiceAccount::from_file(&credentials.fcm.service_account_path).unwrap();
        let mut config = Config::new(account);
        config.base_url = credentials.fcm.url.parse().unwrap();
        config.extra_root_ca = Some(std::fs::read(&credentials.ca_pem_path).unwrap());
        config
    }

    fn client(&self) -> Client {
        Client::new(self.config()).unwrap()
    }

    fn message(&self) -> Message {
        let to = MessageBuilder::new(Target::token(self.phone.channel.address()));
        to.notification("Order confirmed", "It is on its way")
            .data("order", "42")
            .collapse_key("42")
            .priority(Priority::High)
            .ttl(Duration::from_secs(1800))
            .build()
            .unwrap()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).unwrap()
    }

    fn fail(&self, fault: Fault) {
        assert!(self.sandbox.set_fault(&self.phone.id, Some(fault)));
    }

    fn arrived(&self) -> usize {
        self.sandbox.deliveries(&Filter::default()).len()
    }
}

#[tokio::test]
async fn a_message_arrives_as_it_was_built() {
    let stage = Stage::set().await;
    let name = stage.client().send(&stage.message(), stage.now()).await.unwrap();
    let arrived = stage.sandbox.deliveries(&Filter {
        order: Some("42".into()),
        ..Filter::default()
    });
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].provider_id, name.as_str());
    assert_eq!(
        (arrived[0].title.as_str(), arrived[0].body.as_str()),
        ("Order confirmed", "It is on its way")
    );
    assert_eq!(arrived[0].collapse_key.as_deref(), Some("42"));
    assert_eq!(arrived[0].options["ttl"], "1800s");
}

#[tokio::test]
async fn an_installation_id_is_a_target_too() {
    let stage = Stage::set().await;
    let phone = stage
        .sandbox
        .add_device(&NewDevice {
            fid: true,
            ..NewDevice::of(Platform::Fcm)
        })
        .unwrap();
    let message = MessageBuilder::new(Target::fid(phone.channel.address()))
        .data("order", "1")
        .build()
        .unwrap();
    stage.client().send(&message, stage.now()).await.unwrap();
    assert_eq!(stage.arrived(), 1);
}

#[tokio::test]
async fn a_token_is_fetched_once_and_renewed_before_it_ends() {
    let stage = Stage::set().await;
    let client = stage.client();
    let message = stage.message();
    let now = stage.now();
    let sent = futures_util::future::join_all((0..20).map(|_| client.send(&message, now))).await;
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(stage.sandbox.sign_ins(), 1, "twenty at once share one token");
    for (wait, expected) in [(3_400, 1), (100, 2), (3_600, 3)] {
        stage.clock.fetch_add(wait, Ordering::SeqCst);
        client.send(&message, stage.now()).await.unwrap();
        assert_eq!(stage.sandbox.sign_ins(), expected);
    }
    assert!(stage.sandbox.refusals().is_empty(), "no token was ever refused");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.fail(Fault::new(FaultKind::ExpiredToken).times(1));
    client.send(&stage.message(), stage.now()).await.unwrap();
    assert_eq!((stage.arrived(), stage.sandbox.sign_ins()), (1, 2));
    stage.fail(Fault::new(FaultKind::ExpiredToken));
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(error, FcmError::Unauthenticated { .. }));
    assert_eq!((stage.arrived(), stage.sandbox.sign_ins()), (1, 3));
}

#[tokio::test]
async fn each_refusal_has_its_kind() {
    let stage = Stage::set().await;
    let client = stage.client();
    let wait = RetryAfter::new(Duration::from_secs(7));

    stage.fail(Fault::new(FaultKind::Gone));
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(error, FcmError::Unregistered { .. }));
    assert!(!error.is_transient());

    stage.fail(Fault::new(FaultKind::Throttled).retry_after(7));
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(error, FcmError::QuotaExceeded { retry_after, .. } if retry_after == wait));
    stage.fail(Fault::new(FaultKind::Throttled));
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(RetryAfter::QUOTA_DEFAULT));

    stage.fail(Fault::new(FaultKind::Unavailable).retry_after(7));
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(&error, FcmError::Unavailable { .. }) && error.retry_after() == Some(wait));
    stage.fail(Fault::new(FaultKind::InternalError));
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(
        error,
        FcmError::Unavailable {
            retry_after: None,
            ..
        }
    ));

    let nobody = MessageBuilder::new(Target::token("nonsense")).build().unwrap();
    let error = client.send(&nobody, stage.now()).await.unwrap_err();
    assert!(matches!(error, FcmError::Invalid { .. }));
    assert_eq!(stage.arrived(), 0);
}

#[tokio::test]
async fn silence_after_the_request_is_an_unknown_outcome() {
    let stage = Stage::set().await;
    let client = Client::new(Config {
        timeout: Duration::from_millis(500),
        ..stage.config()
    })
    .unwrap();
    client.send(&stage.message(), stage.now()).await.unwrap();
    stage.fail(Fault {
        delay_ms: Some(60_000),
        ..Fault::new(FaultKind::Slow)
    });
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(error, FcmError::Unknown(_)));
    assert_eq!(stage.arrived(), 2, "it had arrived all the same");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_an_unknown_outcome() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.fail(Fault::new(FaultKind::Reset).times(1));
    let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(error, FcmError::Unknown(_)), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(stage.arrived(), 1, "it had arrived all the same");
    client.send(&stage.message(), stage.now()).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_says_goaway_is_replaced() {
    let stage = Stage::set().await;
    let client = stage.client();
    stage.fail(Fault::new(FaultKind::GoAway));
    for _ in 0..5 {
        client.send(&stage.message(), stage.now()).await.unwrap();
    }
    assert_eq!(stage.arrived(), 5);
}

#[tokio::test]
async fn nobody_there_or_not_trusted_is_unreachable() {
    let stage = Stage::set().await;
    let suspicious = Client::new(Config {
        extra_root_ca: None,
        ..stage.config()
    })
    .unwrap();
    let error = suspicious.send(&stage.message(), stage.now()).await.unwrap_err();
    assert!(matches!(error, FcmError::Unreachable(_)), "{error:?}");
    let (client, message, now) = (stage.client(), stage.message(), stage.now());
    stage.sandbox.stop().await;
    let error = client.send(&message, now).await.unwrap_err();
    assert!(matches!(error, FcmError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn another_project_or_key_is_refused_and_said_so() {
    let stage = Stage::set().await;
    let path = &stage.sandbox.credentials.fcm.service_account_path;
    let file = std::fs::read_to_string(path).unwrap();
    for (from, to) in [("\"waybill-sandbox\"", "\"other\""), ("hub@", "someone@")] {
        let account = ServiceAccount::from_json(&file.replace(from, to)).unwrap();
        let client = Client::new(Config {
            account,
            ..stage.config()
        })
        .unwrap();
        let error = client.send(&stage.message(), stage.now()).await.unwrap_err();
        assert!(matches!(error, FcmError::Unauthenticated { .. }), "{error:?}");
    }
    assert!(ServiceAccount::from_json("{}").is_err());
    assert!(ServiceAccount::from_json(&file.replace("service_account", "authorized_user")).is_err());
    assert!(ServiceAccount::from_json(&file.replace("PRIVATE KEY", "SOMETHING")).is_err());
    assert!(ServiceAccount::from_file("/nowhere.json").is_err());
}
