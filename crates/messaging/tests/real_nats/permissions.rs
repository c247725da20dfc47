//! Each service is a user of its own, who may do what the service does and no more.

use std::time::Duration;

use domain::{OrderEvent, OrderState, Version};
use futures_util::StreamExt;
use messaging::keys::{Seed, User};
use messaging::live::Live;
use messaging::{
    ConnectError, DeadLetters, Messaging, Outcome, Schedules, Worker, commands, events, topology,
};
use serde_json::{Value, json};

use crate::guarded::Guarded;
use crate::support::{Counts, Recorder, Running, cancel, now, order, submission};

/// What no service may publish.
const NOBODY: [&str; 19] = [
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.ORDERS",
    "$JS.API.STREAM.DELETE.ORDERS",
    "$JS.API.STREAM.PURGE.ORDERS",
    "$JS.API.STREAM.MSG.DELETE.DEAD_LETTERS",
    "$JS.API.STREAM.MSG.GET.EVENTS",
    "$JS.API.DIRECT.GET.ORDERS",
    "$JS.API.CONSUMER.CREATE.ORDERS.mine",
    "$JS.API.CONSUMER.CREATE.EVENTS.mine.events.>",
    "$JS.API.CONSUMER.CREATE.EVENTS.mine",
    "$JS.API.CONSUMER.CREATE.EVENTS.notification-hub.events.order.>",
    "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.mine",
    "$JS.API.CONSUMER.DELETE.ORDERS.order-processor-p00",
    "orders.p00.ship.x",
    "due.orders.p00.submit.x",
    "schedules.>",
    "catalog.stock.tea",
    "events.dead-letter.ORDERS.x",
    "$SYS.REQ.SERVER.PING",
];

#[tokio::test]
async fn what_a_service_must_not_do_is_forbidden() {
    let guarded = Guarded::start().await;
    let own = [
        (
            User::WebFrontend,
            vec![
                "events.order.confirmed.x",
                "notifications.apns.x",
                "notifications.bulk-apns.x",
                "notifications.campaigns.x",
                "dead-letters.ORDERS.order-processor-p00.x",
                "$JS.API.CONSUMER.MSG.NEXT.ORDERS.order-processor-p00",
                "$JS.API.CONSUMER.MSG.NEXT.EVENTS.notification-hub",
                "$JS.API.CONSUMER.MSG.NEXT.EVENTS.notification-hub-wishes",
                "$JS.API.CONSUMER.DELETE.EVENTS.notification-hub",
                "$JS.API.CONSUMER.INFO.ORDERS.order-processor-p00",
                "$JS.ACK.ORDERS.order-processor-p00.1.1.1.1.1",
                "$JS.ACK.EVENTS.notification-hub.1.1.1.1.1",
            ],
        ),
        (
            User::RestApi,
            vec![
                "events.order.confirmed.x",
                "schedules.x",
                "$JS.API.STREAM.MSG.GET.NOTIFICATIONS",
                "$JS.API.CONSUMER.MSG.NEXT.EVENTS.notification-hub",
                "_INBOX_order-processor.x",
            ],
        ),
        (
            User::OrderProcessor,
            vec![
                "orders.p00.submit.x",
                "notifications.apns.x",
                "dead-letters.EVENTS.notification-hub.x",
                "$JS.API.STREAM.MSG.GET.EVENTS",
                "$JS.API.STREAM.INFO.ORDERS",
                "$JS.API.CONSUMER.CREATE.EVENTS.mine.events.order.>",
                "$JS.API.CONSUMER.MSG.NEXT.EVENTS.notification-hub",
                "$JS.ACK.NOTIFICATIONS.sender-apns.1.1.1.1.1",
            ],
        ),
        (
            User::NotificationHub,
            vec![
                "orders.p00.submit.x",
                "events.order.confirmed.x",
                "notifications.campaigns.x",
                "dead-letters.ORDERS.order-processor-p00.x",
                "$JS.API.STREAM.MSG.GET.ORDERS",
                "$JS.API.CONSUMER.MSG.NEXT.CATALOG.catalog",
                "$JS.ACK.ORDERS.order-processor-p00.1.1.1.1.1",
            ],
        ),
    ];
    for (user, subjects) in own {
        let mut intruder = guarded.intruder(user).await;
        for subject in NOBODY.iter().chain(&subjects) {
            intruder.may_not_publish(subject).await;
        }
        for subject in [
            ">",
            "orders.>",
            "events.>",
            "_INBOX.>",
            "_INBOX_operator.>",
            "$JS.>",
        ] {
            intruder.may_not_subscribe(subject).await;
        }
    }
}

#[tokio::test]
async fn a_front_door_follows_orders_events_and_no_others() {
    let guarded = Guarded::start().await;
    let intruder = guarded.intruder(User::RestApi).await;
    let subject = "$JS.API.CONSUMER.CREATE.EVENTS.rest-api-live-1.events.order.>";
    let request = |more: &[(&str, Value)]| {
        let mut config = json!({ "name": "rest-api-live-1", "ack_policy": "none", "deliver_policy": "all" });
        for (name, value) in more {
            config[name] = value.clone();
        }
        json!({ "stream_name": "EVENTS", "config": config })
    };
    for wider in [
        request(&[("filter_subject", json!("events.>"))]),
        request(&[("filter_subject", json!("events.dead-letter.>"))]),
        request(&[(
            "filter_subjects",
            json!(["events.order.>", "events.dead-letter.>"]),
        )]),
        request(&[]),
    ] {
        let answer = intruder.ask(subject, &wider).await;
        assert!(answer["error"]["err_code"].is_number(), "{wider}: {answer}");
    }
    // The name is the subject's, whatever the body says.
    for name in ["rest-api-live-1", "notification-hub"] {
        let own = request(&[("filter_subject", json!("events.order.>")), ("name", json!(name))]);
        let answer = intruder.ask(subject, &own).await;
        assert_eq!(answer["name"], "rest-api-live-1", "{answer}");
    }
}

#[tokio::test]
async fn who_is_not_known_is_not_let_in_and_told_so() {
    let guarded = Guarded::start().await;
    let stranger = Seed::fresh().unwrap().secret().clone();
    for seed in [None, Some(stranger), Some("not a seed".to_owned().into())] {
        let error = guarded.connect("rest-api", seed).await.unwrap_err();
        assert!(matches!(error, ConnectError::Denied { .. }), "{error:?}");
        assert!(error.to_string().contains("seed"), "{error}");
    }
}

fn confirmed() -> OrderEvent {
    OrderEvent {
        order: order("a"),
        version: Version(2),
        state: OrderState::Confirmed,
        customer: crate::support::customer(),
        by: domain::Actor::System("order-processor".into()),
        at: now(),
        total: None,
        reason: None,
        refused: None,
        erased: false,
    }
}

fn worker(messaging: Messaging, stream: &str, consumer: String) -> Worker<Counts> {
    Worker {
        messaging,
        stream: stream.into(),
        consumers: vec![consumer],
        attempts: Counts::default(),
        max_batch: 8,
        concurrency: 1,
        isolates: false,
        max_attempts: 1,
    }
}

#[tokio::test]
async fn every_service_can_do_its_work() {
    let guarded = Guarded::start().await;
    let door = guarded.messaging(User::RestApi).await;
    let processor = guarded.messaging(User::OrderProcessor).await;
    let hub = guarded.messaging(User::NotificationHub).await;
    let mut live = Box::pin(door.live(Duration::from_secs(60)));
    assert_eq!(live.next().await, Some(Live::CaughtUp));

    let submission = submission("a");
    let message = commands::order_message(&submission, "rest-api", None);
    door.publish(&message).await.unwrap();
    let waiting = door.pending_submission(submission.order).await.unwrap();
    assert_eq!(waiting.map(|command| command.order), Some(submission.order));

    let (schedules, id) = (Schedules::new(door.clone()), submission.order.into());
    let at = now() + jiff::SignedDuration::from_hours(1);
    let whose = crate::support::customer();
    let made = schedules.schedule(whose, &id, at, &message).await.unwrap();
    assert_eq!(schedules.list(whose).await.unwrap().len(), 1);
    assert_eq!(schedules.is_on_its_way(&message.subject).await, Ok(false));
    assert_eq!(schedules.take_back(whose, &id, Some(made)).await, Ok(()));

    // One is handled, and one becomes a dead letter; both are acknowledged.
    door.publish(&cancel(submission.order, "no")).await.unwrap();
    let handler = Recorder::each(|delivery| match delivery.subject.contains(".submit.") {
        true => Outcome::Done,
        false => Outcome::Reject {
            reason: "test",
            why: "a test".into(),
        },
    });
    let partition = topology::processor_consumer(submission.order.partition());
    let running = Running::start(worker(processor.clone(), topology::ORDERS, partition), &handler);
    handler.until(2).await;
    let event = events::order_event_message(&confirmed(), "order-processor");
    processor.publish(&event).await.unwrap();
    running.drain().await;
    assert_eq!(door.pending_submission(submission.order).await.unwrap(), None);
    let counted = DeadLetters::new(processor).count().await;
    assert_eq!(counted.unwrap(), 1);
    let letters = DeadLetters::new(door.clone());
    assert_eq!(letters.of_submission(submission.order).await.unwrap(), None);

    let told = Recorder::done();
    let running = Running::start(
        worker(hub, topology::EVENTS, topology::HUB_CONSUMER.into()),
        &told,
    );
    told.until(2).await;
    running.drain().await;
    let mut versions = Vec::new();
    while versions.last() != Some(&2) {
        if let Some(Live::Event(event)) = live.next().await {
            versions.push(event.version.0);
        }
    }
    assert_eq!(versions, [1, 2]);

    let operator = guarded.messaging(User::Operator).await;
    let queues = operator.queues().await.unwrap();
    assert!(queues.iter().all(|queue| queue.in_hand == 0), "{queues:?}");
    let letters = DeadLetters::new(operator);
    let letter = letters.list(1, 10).await.unwrap().remove(0);
    assert_eq!(letter.reason, "test");
    assert!(letters.discard(letter.sequence).await.unwrap());
}
