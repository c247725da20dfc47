//! An order that is placed later is one order, whatever is sent twice and whatever is away.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use devstack::testing::eventually;
use domain::{Access, Order, OrderEvent, OrderId, OrderState, Version};
use futures_util::{StreamExt, future::join_all};
use jiff::{SignedDuration, Timestamp};
use messaging::live::Live;
use messaging::{DeadLetters, Messaging};
use ordering::{Ordering, ScheduleError, ScheduledOrder};

use crate::processor::{self, Manner, at, letters};
use crate::shop::{Shop, flush, guest, key, now, submission};

fn after(milliseconds: i64) -> Timestamp {
    now() + SignedDuration::from_millis(milliseconds)
}

/// `quantity` kettles for the first guest, to be placed at `at`.
async fn schedule(
    door: &Ordering,
    name: &str,
    quantity: i64,
    at: Timestamp,
) -> Result<(ScheduledOrder, bool), ScheduleError> {
    door.schedule(submission(guest(1), quantity), at, &key(name), None, now())
        .await
}

/// Everything that was told of the order so far.
async fn told(messaging: &Messaging, id: OrderId) -> Vec<OrderEvent> {
    let mut live = Box::pin(messaging.live(Duration::from_secs(600)));
    let mut events = Vec::new();
    loop {
        match live.next().await.unwrap() {
            Live::Event(event) => events.extend(Some(event).filter(|event| event.order == id)),
            Live::CaughtUp => return events,
            Live::Interrupted => events.clear(),
        }
    }
}

/// The order once it is stored and nothing is left to be handled.
async fn placed(shop: &Shop, id: OrderId) -> Order {
    eventually("the order", async || {
        let scheduled = shop.ordering.scheduled_order(guest(1), id).await.unwrap();
        let idle = shop.stored().await == 0 && scheduled.is_none();
        let order = shop.storage.order(Access::Staff, id).await.unwrap();
        order.filter(|_| idle)
    })
    .await
}

#[tokio::test]
async fn a_scheduled_order_waits_for_its_time_and_is_processed_and_told_once() {
    let shop = Shop::open().await;
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    let due = after(700);
    let (scheduled, _) = schedule(&shop.ordering, "k", 2, due).await.unwrap();
    let id = OrderId::derive(guest(1), &key("k"));
    assert_eq!((scheduled.id, scheduled.at), (id, due));
    assert_eq!(shop.read(Access::Customer(guest(1)), id).await, None);

    let order = placed(&shop, id).await;
    assert_eq!((order.state, order.version), (OrderState::Confirmed, Version(2)));
    assert_eq!(order.submitted_at, due);
    let events = told(&shop.messaging, id).await;
    let versions: Vec<_> = events.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, [1, 2], "each version is announced once");
    assert_eq!(letters(&shop.messaging).await, 0);
    let late = schedule(&shop.ordering, "k", 3, after(60_000)).await;
    assert_eq!(late, Err(ScheduleError::KeyReused));
    flush(&shop.servers).await;
    let late = schedule(&shop.ordering, "k", 2, due).await;
    assert_eq!(late, Err(ScheduleError::Placed { order: id }));
}

#[tokio::test]
async fn an_order_that_fell_due_and_is_not_yet_processed_is_found() {
    let shop = Shop::open().await;
    let (scheduled, _) = schedule(&shop.ordering, "k", 1, after(300)).await.unwrap();
    let access = Access::Customer(guest(1));
    let found = eventually("the order", async || shop.read(access, scheduled.id).await).await;
    assert_eq!(
        (found.state, found.submitted_at),
        (OrderState::Submitted, scheduled.at)
    );
    assert_eq!(shop.stored().await, 1);
    let stranger = shop.read(Access::Customer(guest(2)), scheduled.id).await;
    assert_eq!(stranger, None);
    let again = schedule(&shop.ordering, "other", 1, scheduled.at).await;
    assert_eq!(again, Err(ScheduleError::Past));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_at_once_is_one_schedule_also_without_its_record() {
    let mut shop = Shop::open().await;
    let due = after(3_600_000);
    for what in ["with its record", "after FLUSHALL", "with Redis away"] {
        let doors = [shop.ordering.clone(), shop.another_door().await];
        let requests = (0..10).map(|number| schedule(&doors[number % 2], "k", 2, due));
        let answers = join_all(requests).await;
        let first = answers[0].clone().unwrap().0;
        assert!(
            answers
                .iter()
                .all(|answer| answer.as_ref().is_ok_and(|(made, _)| *made == first)),
            "{what}: {answers:?}"
        );
        let other = schedule(&shop.ordering, "k", 9, due).await;
        assert_eq!(other, Err(ScheduleError::KeyReused), "{what}");
        let other = schedule(&shop.ordering, "k", 2, after(60_000)).await;
        assert_eq!(other, Err(ScheduleError::KeyReused), "{what}");
        let list = shop.ordering.scheduled_orders(guest(1)).await.unwrap();
        assert_eq!(list, [first], "{what}");
        match what {
            "with its record" => flush(&shop.servers).await,
            _ => shop.servers.kill_redis().await,
        }
    }
}

#[tokio::test]
async fn a_schedule_that_falls_due_after_its_order_was_submitted_makes_no_second_one() {
    let shop = Shop::open().await;
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    let due = after(1_500);
    let (same, _) = schedule(&shop.ordering, "same", 1, due).await.unwrap();
    let (other, _) = schedule(&shop.ordering, "other", 9, due).await.unwrap();
    // Nobody remembers that anything is scheduled, so both are accepted at once.
    flush(&shop.servers).await;
    for id in [same.id, other.id] {
        let name = if id == same.id { "same" } else { "other" };
        assert_eq!(shop.submit(guest(1), name).await.id, id);
    }
    for id in [same.id, other.id] {
        let order = placed(&shop, id).await;
        assert_eq!((order.version, order.submitted_at), (Version(2), at(0)));
        assert_eq!(order.lines[0].quantity.get(), 1);
        let events = told(&shop.messaging, id).await;
        let versions: Vec<_> = events.iter().map(|event| event.version.0).collect();
        assert_eq!(versions, [1, 2]);
    }
    let letters = DeadLetters::new(shop.messaging.clone());
    let letter = eventually("the other content among the dead letters", async || {
        letters.list(1, 10).await.unwrap().pop()
    })
    .await;
    assert_eq!(letter.reason, "key_reused");
    assert!(letter.subject.ends_with(&other.id.to_string()), "{letter:?}");
}
