//! An order is accepted once, whatever is sent twice and whatever is away.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use domain::{Access, OrderState, Version};
use futures_util::future::join_all;
use ordering::{SubmitError, Submitted};

use crate::processor::{self, Manner, at};
use crate::shop::{Shop, flush, guest, key, submission};
use devstack::proxy::Mode;
use devstack::testing::eventually;

/// Sends the same order under the same key 50 times at once through two doors, each a second later than the one before.
async fn submit_50_times(shop: &Shop) -> Vec<Submitted> {
    let doors = [shop.ordering.clone(), shop.another_door().await];
    let requests = (0..50).map(|number| {
        let door = doors[number % 2].clone();
        async move {
            let now = at(i64::try_from(number).unwrap());
            Box::pin(door.submit(submission(guest(1), 2), &key("fifty"), None, now))
                .await
                .unwrap()
        }
    });
    join_all(requests).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_50_times_at_once_is_one_order_with_50_equal_answers() {
    let shop = Shop::open().await;
    let answers = submit_50_times(&shop).await;
    assert!(
        answers.iter().all(|answer| answer.order == answers[0].order),
        "all answers are the same"
    );
    assert_eq!(answers[0].order.state, OrderState::Submitted);
    assert_eq!(shop.stored().await, 1, "one message in ORDERS");
    let again = shop
        .ordering
        .submit(submission(guest(1), 2), &key("fifty"), None, at(99))
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.order, answers[0].order);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_50_times_at_once_is_one_order_with_redis_stopped() {
    let mut shop = Shop::open().await;
    shop.servers.kill_redis().await;
    let answers = submit_50_times(&shop).await;
    assert!(
        answers.iter().all(|answer| answer.order == answers[0].order),
        "all answers are the same"
    );
    assert_eq!(shop.stored().await, 1, "one message in ORDERS");
}

#[tokio::test]
async fn a_publish_that_fails_after_the_record_was_written_is_made_good_by_the_retry() {
    let mut shop = Shop::open().await;
    shop.servers.kill_nats().await;
    let failed = shop
        .ordering
        .submit(submission(guest(1), 1), &key("k"), None, at(0))
        .await;
    assert!(matches!(failed, Err(SubmitError::Unavailable(_))), "{failed:?}");

    shop.servers.start_nats().await;
    let order = eventually("the retry to be accepted", async || {
        shop.ordering
            .submit(submission(guest(1), 1), &key("k"), None, at(1))
            .await
            .ok()
    })
    .await;
    assert_eq!(shop.stored().await, 1);
    assert_eq!(
        shop.read(Access::Customer(guest(1)), order.order.id)
            .await
            .unwrap()
            .version,
        Version::FIRST
    );
}

#[tokio::test]
async fn another_request_under_a_used_key_is_refused_also_without_its_record() {
    let mut shop = Shop::open().await;
    let stored = shop.submit(guest(1), "stored").await;
    let running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    eventually("the order to be stored", async || {
        shop.storage.order(Access::Staff, stored.id).await.unwrap()
    })
    .await;
    drop(running);
    shop.submit(guest(1), "waiting").await;

    for what in ["with its record", "after FLUSHALL", "with Redis away"] {
        for name in ["stored", "waiting"] {
            let other = shop
                .ordering
                .submit(submission(guest(1), 9), &key(name), None, at(5))
                .await;
            assert_eq!(other, Err(SubmitError::KeyReused), "{name}, {what}");
        }
        // The refused request must not have taken the key from the one it belongs to, nor get in at its second try.
        let door = shop.another_door().await;
        for name in ["stored", "waiting"] {
            let other = door
                .submit(submission(guest(1), 9), &key(name), None, at(5))
                .await;
            assert_eq!(other, Err(SubmitError::KeyReused), "{name} again, {what}");
            let same = door
                .submit(submission(guest(1), 1), &key(name), None, at(6))
                .await;
            assert!(same.is_ok_and(|same| same.replayed), "{name}, {what}");
        }
        match what {
            "with its record" => flush(&shop.servers).await,
            _ => shop.servers.kill_redis().await,
        }
    }
    // Of another process, which has nothing of it in memory.
    let door = shop.another_door().await;
    for name in ["stored", "waiting"] {
        let other = door
            .submit(submission(guest(1), 9), &key(name), None, at(5))
            .await;
        assert_eq!(other, Err(SubmitError::KeyReused), "{name}, by another door");
        let same = door
            .submit(submission(guest(1), 1), &key(name), None, at(6))
            .await
            .unwrap();
        assert!(same.replayed, "{name}: the same request gets the same order");
        assert_eq!(same.order.submitted_at, at(0), "{name}");
    }
    let free = door
        .submit(submission(guest(2), 9), &key("stored"), None, at(5))
        .await
        .unwrap();
    assert_ne!(free.order.id, stored.id, "another customer's key is another key");
}

#[tokio::test]
async fn orders_are_accepted_with_postgres_out_of_reach() {
    let shop = Shop::open().await;
    shop.postgres.set(Mode::Refuse);
    let order = shop.submit(guest(1), "k").await;
    assert_eq!(shop.stored().await, 1);
    assert_eq!(shop.read(Access::Customer(guest(1)), order.id).await, Some(order));
}

#[tokio::test]
async fn beyond_what_may_be_on_its_way_orders_are_put_off_at_once_and_taken_later() {
    let shop = Shop::open().await;
    let door = shop.narrow_door(2).await;
    let submit = async |number: u32| {
        let key = key(&format!("crowd-{number}"));
        door.submit(submission(guest(1), 1), &key, None, at(1)).await
    };
    let answers = join_all((0..20).map(submit)).await;
    let (taken, put_off): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(taken.len(), 2);
    assert!(
        put_off
            .iter()
            .all(|answer| *answer == Err(SubmitError::QueueFull)),
        "{put_off:?}"
    );
    assert_eq!(shop.stored().await, 2, "nothing of the others was stored");
    for number in 0..20 {
        assert_eq!(submit(number).await.unwrap().replayed, number < 2);
    }
}
