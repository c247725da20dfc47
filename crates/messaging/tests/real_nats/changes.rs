//! Schedules that are changed and taken back, and what becomes of a scheduled submission.

use async_nats::jetstream::stream::SubjectTransform;
use domain::{OrderAction, OrderCommand, OrderEvent};
use jiff::{SignedDuration, Timestamp};
use messaging::commands::{order_message, read_scheduled_command};
use messaging::events::order_event_message;
use messaging::schedules::{CLOSE, ScheduleError, ScheduleId, Schedules};
use messaging::topology::processor_consumer;
use messaging::{Envelope, Message};

use crate::support::{Counts, Recorder, Running, Server, cancel, customer, now, order, submission};

fn after(milliseconds: i64) -> Timestamp {
    now() + SignedDuration::from_millis(milliseconds)
}

fn id(text: &str) -> ScheduleId {
    text.parse().unwrap()
}

fn command(key: &str) -> Message {
    cancel(order("a"), key)
}

#[tokio::test]
async fn a_schedule_is_replaced_by_who_knows_its_version() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let (soon, later) = (after(3_000_000), after(3_600_000));
    let first = schedules
        .schedule(customer(), &id("a"), soon, &command("1"))
        .await;
    let first = first.unwrap();
    let replace = async |message: &str, at, version| {
        let message = command(message);
        schedules
            .replace(customer(), &id("a"), at, &message, version)
            .await
    };
    let second = replace("2", later, Some(first)).await.unwrap();
    assert!(second > first);
    let again = replace("2", later, Some(first)).await;
    assert_eq!(again, Ok(second), "a retry whose answer was lost");
    assert_eq!(
        replace("3", later, Some(first)).await,
        Err(ScheduleError::Changed)
    );
    let found = schedules.get(customer(), &id("a")).await.unwrap().unwrap();
    assert_eq!((found.at, found.version), (later, second));
    assert_eq!(found.message.body, command("2").body);
    assert_eq!(found.message.envelope.id, command("2").envelope.id);

    let stale = schedules.take_back(customer(), &id("a"), Some(first)).await;
    assert_eq!(stale, Err(ScheduleError::Changed));
    let third = replace("3", soon, None).await.unwrap();
    let gone = schedules.take_back(customer(), &id("a"), Some(third)).await;
    assert_eq!(gone, Ok(()));
    assert_eq!(
        schedules.take_back(customer(), &id("a"), None).await,
        Err(ScheduleError::NotScheduled)
    );
    assert_eq!(
        replace("4", later, None).await,
        Err(ScheduleError::NotScheduled),
        "it does not come back to life"
    );
    assert_eq!(server.count("SCHEDULES").await, 0);
}

#[tokio::test]
async fn what_is_about_to_be_delivered_is_left_alone_and_delivered() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let at = now() + CLOSE - SignedDuration::from_millis(500);
    schedules
        .schedule(customer(), &id("a"), at, &command("1"))
        .await
        .unwrap();
    let due = Err(ScheduleError::Due { at });
    let later = after(3_600_000);
    let replaced = schedules
        .replace(customer(), &id("a"), later, &command("2"), None)
        .await;
    assert_eq!(replaced.map(drop), due);
    assert_eq!(schedules.take_back(customer(), &id("a"), None).await, due);
    let delivered = server.last("ORDERS", &command("1").subject).await;
    assert_eq!(
        delivered.headers.get("ce-id").unwrap().as_str(),
        command("1").envelope.id
    );
    server.emptied("SCHEDULES").await;
    assert_eq!(
        schedules.take_back(customer(), &id("a"), None).await,
        Err(ScheduleError::NotScheduled)
    );
}

#[tokio::test]
async fn everyones_schedules_are_found_by_who_may_see_them() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let other = "guest:00000000-0000-4000-8000-000000000001".parse().unwrap();
    for (whose, name) in [(customer(), "a"), (other, "b"), (customer(), "c")] {
        schedules
            .schedule(whose, &id(name), after(3_600_000), &command(name))
            .await
            .unwrap();
    }
    let everyones = schedules.of_everyone(10).await.unwrap();
    let found: Vec<_> = everyones
        .iter()
        .map(|one| (one.customer, one.id.to_string()))
        .collect();
    assert_eq!(
        found,
        [
            (customer(), "a".into()),
            (other, "b".into()),
            (customer(), "c".into())
        ]
    );
    assert_eq!(schedules.of_everyone(2).await.unwrap(), everyones[..2]);
    let found = schedules.find(&id("b")).await.unwrap();
    assert_eq!(found.as_ref(), Some(&everyones[1]));
    assert_eq!(schedules.find(&id("d")).await.unwrap(), None);
}

#[tokio::test]
async fn a_scheduled_submission_is_handled_under_its_orders_id_and_announced_once_by_the_processor() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let submission = submission("a");
    let message = order_message(&submission, "test", None);
    schedules
        .schedule(customer(), &id("a"), after(300), &message)
        .await
        .unwrap();
    let kept = schedules.get(customer(), &id("a")).await.unwrap().unwrap();
    assert_eq!(read_scheduled_command(&kept.message).unwrap(), submission);

    let delivered = server.last("ORDERS", &message.subject).await;
    let header = |name: &str| delivered.headers.get(name).map(ToString::to_string);
    assert_eq!(header("ce-id"), Some(format!("{}:1", submission.order)));
    assert_eq!((header("Nats-Msg-Id"), header("expires-at")), (None, None));

    let handler = Recorder::done();
    let consumer = processor_consumer(submission.order.partition());
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &handler);
    assert_eq!(handler.until(1).await, [format!("{}:1", submission.order)]);
    server.emptied("ORDERS").await;
    running.drain().await;
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
    // `EVENTS` has not taken the republished copy, which says that it comes from a schedule: so the processor's own event is the one that tells of it.
    assert_eq!(server.count("EVENTS").await, 0);
    let own = order_event_message(&accepted(&submission), "order-processor");
    for duplicate in [false, true] {
        assert_eq!(server.messaging.publish(&own).await.unwrap().duplicate, duplicate);
    }
    assert_eq!(server.count("EVENTS").await, 1);
}

/// What the processor tells of a submission's first version.
fn accepted(submission: &OrderCommand) -> OrderEvent {
    let OrderAction::Submit(submit) = &submission.action else {
        panic!("no submission");
    };
    let order = submit.accepted(submission.order, submission.at);
    OrderEvent::of(&order, &order.history[0])
}

#[tokio::test]
async fn only_what_a_customer_may_send_falls_due_in_orders() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let subject = command("1").subject.replace(".cancel.", ".ship.");
    let ship = Message {
        subject: subject.clone(),
        envelope: Envelope {
            kind: "order.ship.v1".into(),
            ..command("1").envelope
        },
        body: "{}".into(),
    };
    let refused = schedules
        .schedule(customer(), &id("a"), after(60_000), &ship)
        .await;
    assert_eq!(refused, Err(ScheduleError::NoSuchTarget { subject }));
}

#[tokio::test]
async fn a_stream_that_took_everything_that_fell_due_is_mended() {
    let server = Server::start().await;
    let mut orders = server
        .raw
        .get_stream("ORDERS")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    let meant = orders.clone();
    orders.sources.as_mut().unwrap()[0].subject_transforms = vec![SubjectTransform {
        source: "due.orders.>".into(),
        destination: "orders.>".into(),
    }];
    server.raw.update_stream(orders).await.unwrap();
    messaging::topology::apply(&server.messaging).await.unwrap();
    let mended = server.raw.get_stream("ORDERS").await.unwrap();
    assert_eq!(mended.cached_info().config.sources, meant.sources);
    Schedules::new(server.messaging.clone())
        .schedule(customer(), &id("a"), after(300), &command("1"))
        .await
        .unwrap();
    server.last("ORDERS", &command("1").subject).await;
    server.emptied("SCHEDULES").await;
}
