//! Reading while a server is away.

use domain::{Access, OrderState, Version};
use ordering::Unavailable;

use crate::processor::{self, Manner, at};
use crate::shop::{Shop, flush, guest, key, submission};
use devstack::proxy::Mode;
use devstack::testing::eventually;

#[tokio::test]
async fn orders_are_read_with_redis_away() {
    let mut shop = Shop::open().await;
    let stored = shop.submit(guest(1), "stored").await;
    let running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    eventually("the order to be stored", async || {
        (shop.stored().await == 0).then_some(())
    })
    .await;
    drop(running);
    shop.servers.kill_redis().await;
    let waiting = shop
        .ordering
        .submit(submission(guest(1), 1), &key("waiting"), None, at(1))
        .await
        .unwrap()
        .order;
    let door = shop.another_door().await;
    let access = Access::Customer(guest(1));
    let found = door
        .look_up(access.clone(), stored.id, Version(0))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.state, OrderState::Confirmed);
    assert_eq!(
        door.look_up(access.clone(), waiting.id, Version(0)).await,
        Ok(Some(waiting.clone()))
    );
    assert_eq!(
        door.look_up(Access::Customer(guest(2)), waiting.id, Version(0))
            .await,
        Ok(None)
    );
}

#[tokio::test]
async fn with_postgres_away_cached_and_waiting_orders_are_read_and_others_are_unavailable() {
    let shop = Shop::open().await;
    let cached = shop.submit(guest(1), "cached").await;
    let door = shop.another_door().await;
    shop.postgres.set(Mode::Refuse);
    let access = Access::Customer(guest(1));
    assert_eq!(
        shop.ordering.look_up(access.clone(), cached.id, Version(0)).await,
        Ok(Some(cached.clone()))
    );
    flush(&shop.servers).await;
    assert_eq!(
        door.look_up(access.clone(), cached.id, Version(0)).await,
        Ok(Some(cached.clone())),
        "it waits in the stream"
    );
    let answer = door.look_up(access.clone(), cached.id, Version(2)).await;
    assert!(answer.is_err(), "an older version than was seen: {answer:?}");
    let unknown = domain::OrderId::derive(guest(1), &key("never"));
    let answer = shop.ordering.look_up(access.clone(), unknown, Version(0)).await;
    assert!(
        matches!(answer, Err(Unavailable(_))),
        "not `there is none`: {answer:?}"
    );
    assert!(
        shop.ordering
            .list(access.clone(), &storage::OrderFilter::default(), None, 10)
            .await
            .is_err()
    );
    shop.postgres.set(Mode::Pass);
    eventually("Postgres to be used again", async || {
        shop.ordering
            .look_up(access.clone(), unknown, Version(0))
            .await
            .ok()
            .filter(Option::is_none)
    })
    .await;
}
