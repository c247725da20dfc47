use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use messaging::schedules::{FARTHEST, ScheduleError, ScheduleId, Schedules};
use messaging::topology::processor_consumer;
use messaging::{Message, Outcome};

use crate::support::{Counts, Recorder, Running, Server, cancel, customer, now, order};

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
async fn a_schedule_outlives_the_server_and_is_delivered_once_under_its_own_id() {
    let mut server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let at = after(1_500);
    schedules
        .schedule(customer(), &id("a"), at, &command("1"))
        .await
        .unwrap();
    server.servers.kill_nats().await;
    server.servers.start_nats().await;
    let handled_at = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let times = handled_at.clone();
    let recorder = Recorder::each(move |_| {
        times.lock().unwrap().push(now());
        Outcome::Done
    });
    let consumer = processor_consumer(order("a").partition());
    let running = Running::start(server.worker("ORDERS", &consumer, &Counts::default()), &recorder);
    assert_eq!(recorder.until(1).await, [command("1").envelope.id]);
    server.emptied("ORDERS").await;
    server.emptied("SCHEDULES").await;
    running.drain().await;
    assert_eq!(recorder.ids().len(), 1);
    let early = at.duration_since(handled_at.lock().unwrap()[0]);
    assert!(early <= SignedDuration::ZERO, "{early} too early");
    assert_eq!(server.count("DEAD_LETTERS").await, 0);
}

#[tokio::test]
async fn what_fell_due_while_the_server_was_down_is_delivered_when_it_is_back() {
    let mut server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let at = after(700);
    schedules
        .schedule(customer(), &id("a"), at, &command("1"))
        .await
        .unwrap();
    server.servers.kill_nats().await;
    devstack::testing::eventually("the time", async || (now() > at).then_some(())).await;
    server.servers.start_nats().await;
    let delivered = server.last("ORDERS", &command("1").subject).await;
    assert_eq!(
        delivered.headers.get("ce-id").unwrap().as_str(),
        command("1").envelope.id
    );
}

#[tokio::test]
async fn schedules_are_listed_moved_and_cancelled_before_they_are_due() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone());
    let (soon, later) = (after(1_000), after(3_600_000));
    for (name, at) in [("never", soon), ("moved", later), ("stays", later)] {
        schedules
            .schedule(customer(), &id(name), at, &command(name))
            .await
            .unwrap();
    }
    let names = |list: Vec<messaging::schedules::Scheduled>| {
        list.iter().map(|one| one.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        names(schedules.list(customer()).await.unwrap()),
        ["never", "moved", "stays"]
    );
    let stranger = "guest:00000000-0000-4000-8000-000000000000".parse().unwrap();
    assert_eq!(schedules.list(stranger).await.unwrap(), []);
    assert!(!schedules.cancel(stranger, &id("never")).await.unwrap());

    assert!(schedules.cancel(customer(), &id("never")).await.unwrap());
    assert!(!schedules.cancel(customer(), &id("never")).await.unwrap());
    let at = after(1_500);
    schedules.reschedule(customer(), &id("moved"), at).await.unwrap();
    let moved = schedules.get(customer(), &id("moved")).await.unwrap().unwrap();
    assert_eq!((moved.at, moved.message.body), (at, command("moved").body));

    let delivered = server.last("ORDERS", &command("moved").subject).await;
    assert_eq!(
        delivered.headers.get("ce-id").unwrap().as_str(),
        command("moved").envelope.id
    );
    assert_eq!(
        server.count("ORDERS").await,
        1,
        "what was cancelled does not come"
    );
    let gone = schedules
        .reschedule(customer(), &id("moved"), after(60_000))
        .await;
    assert_eq!(gone, Err(ScheduleError::NotScheduled));
    assert_eq!(names(schedules.list(customer()).await.unwrap()), ["stays"]);
}

#[tokio::test]
async fn what_can_not_be_scheduled_is_refused_by_its_own_error() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone()).quota(2);
    let schedule = async |name: &str, at, message: &Message| {
        let made = schedules.schedule(customer(), &id(name), at, message).await;
        made.map(drop)
    };
    let at = now() - SignedDuration::from_millis(1);
    assert_eq!(
        schedule("a", at, &command("1")).await,
        Err(ScheduleError::Past { at })
    );
    let at = now() + FARTHEST + SignedDuration::from_secs(60);
    assert_eq!(
        schedule("a", at, &command("1")).await,
        Err(ScheduleError::TooFar { at })
    );
    let at = after(3_600_000);
    let subject = "events.order.shipped.a".to_owned();
    let elsewhere = Message {
        subject: subject.clone(),
        ..command("1")
    };
    assert_eq!(
        schedule("a", at, &elsewhere).await,
        Err(ScheduleError::NoSuchTarget { subject })
    );

    assert_eq!(schedule("a", at, &command("1")).await, Ok(()));
    assert_eq!(
        schedule("a", at, &command("1")).await,
        Ok(()),
        "asked again for the same"
    );
    assert_eq!(schedule("a", at, &command("2")).await, Err(ScheduleError::Taken));
    assert_eq!(schedule("b", at, &command("2")).await, Ok(()));
    assert_eq!(
        schedule("c", at, &command("3")).await,
        Err(ScheduleError::QuotaReached { quota: 2 })
    );
    let past = now() - SignedDuration::from_secs(1);
    let refused = schedules.reschedule(customer(), &id("a"), past).await;
    assert_eq!(refused, Err(ScheduleError::Past { at: past }));
    assert_eq!(server.count("SCHEDULES").await, 2);
    for wrong in ["", "a.b", "*", ">", "a b"] {
        assert!(wrong.parse::<ScheduleId>().is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn the_quota_holds_when_many_are_made_at_once() {
    let server = Server::start().await;
    let schedules = Schedules::new(server.messaging.clone()).quota(5);
    let at = after(3_600_000);
    let all = (0..12).map(async |key: usize| {
        let message = command(&key.to_string());
        schedules
            .schedule(customer(), &id(&format!("s{key}")), at, &message)
            .await
    });
    let results = join_all(all).await;
    assert_eq!(
        results.iter().filter(|result| result.is_ok()).count(),
        5,
        "{results:?}"
    );
    assert_eq!(server.count("SCHEDULES").await, 5);
}
