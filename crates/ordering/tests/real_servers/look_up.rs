//! Where an order is found, and by whom.

use domain::{Access, Actor, OrderState, Version};
use ordering::CancelError;

use crate::processor::{self, Manner, at, letters};
use crate::shop::{Shop, flush, guest, key, skus};
use devstack::proxy::Mode;
use devstack::testing::eventually;

#[tokio::test]
async fn an_order_is_found_by_its_owner_its_link_and_staff_wherever_it_is() {
    let shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    let other = shop.submit(guest(2), "k").await;
    let processor = Manner::Decides;
    let mut running = None;
    for place in ["cache", "ORDERS", "Postgres"] {
        match place {
            "ORDERS" => flush(&shop.servers).await,
            "Postgres" => {
                running = Some(processor::start(&shop.messaging, &shop.storage, processor));
                eventually("both orders to be stored", async || {
                    (shop.stored().await == 0).then_some(())
                })
                .await;
                flush(&shop.servers).await;
            }
            _ => {}
        }
        // Another process, which has nothing of it in memory.
        let door = if place == "cache" {
            shop.ordering.clone()
        } else {
            shop.another_door().await
        };
        for access in [
            Access::Customer(guest(2)),
            Access::Customer(guest(3)),
            Access::Link(other.id),
        ] {
            assert_eq!(
                door.look_up(access.clone(), order.id, Version(0)).await,
                Ok(None),
                "{access:?} in {place}"
            );
        }
        for access in [Access::Customer(guest(1)), Access::Link(order.id), Access::Staff] {
            let found = door.look_up(access.clone(), order.id, Version(0)).await.unwrap();
            let state = if place == "Postgres" {
                OrderState::Confirmed
            } else {
                OrderState::Submitted
            };
            assert_eq!(
                found.map(|order| order.state),
                Some(state),
                "{access:?} in {place}"
            );
        }
        for access in [Access::Customer(guest(2)), Access::Link(other.id)] {
            assert_eq!(
                door.look_up(access.clone(), order.id, Version(0)).await,
                Ok(None),
                "{access:?}, cached from {place}"
            );
        }
    }
    drop(running);
}

#[tokio::test]
async fn an_order_whose_command_is_a_dead_letter_is_held_for_its_owner() {
    let shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Rejects);
    eventually("a dead letter", async || {
        (letters(&shop.messaging).await == 1).then_some(())
    })
    .await;
    let door = &shop.ordering;
    let held = eventually("the order to be held", async || {
        let found = door
            .look_up(Access::Customer(guest(1)), order.id, Version(0))
            .await
            .unwrap();
        found.filter(|order| order.state == OrderState::Held)
    })
    .await;
    assert_eq!(held.version, Version::FIRST);
    assert_eq!(
        door.look_up(Access::Customer(guest(2)), order.id, Version(0))
            .await,
        Ok(None)
    );
}

#[tokio::test]
async fn a_floor_is_never_undercut() {
    let shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    let door = shop.another_door().await;
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    // Redis still has version 1: nothing refreshes it here. The event of version 2 is the floor.
    let moved = eventually("the other version", async || {
        let found = door
            .look_up(Access::Staff, order.id, Version(0))
            .await
            .unwrap()
            .unwrap();
        (found.version > Version::FIRST).then_some(found)
    })
    .await;
    for _ in 0..20 {
        for door in [&door, &shop.ordering] {
            let found = door
                .look_up(Access::Staff, order.id, moved.version)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(found, moved);
        }
    }
}

#[tokio::test]
async fn a_list_has_the_customers_orders_newest_first_and_pages() {
    let shop = Shop::open().await;
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
        let now = at(i64::try_from(number).unwrap());
        let submit = crate::shop::submission(guest(1), 1);
        shop.ordering.submit(submit, &key(name), None, now).await.unwrap();
    }
    shop.submit(guest(2), "other").await;
    eventually("all to be stored", async || {
        (shop.stored().await == 0).then_some(())
    })
    .await;
    let access = Access::Customer(guest(1));
    let first = shop.ordering.list(access.clone(), &OrderFilter::default(), None, 2).await.unwrap();
    assert_eq!(
        first
            .orders
            .iter()
            .map(|order| order.submitted_at)
            .collect::<Vec<_>>(),
        [at(2), at(1)]
    );
    let next = ordering::read_cursor(&ordering::cursor(first.next.unwrap()));
    let second = shop.ordering.list(access.clone(), &OrderFilter::default(), next, 2).await.unwrap();
    assert_eq!(
        second
            .orders
            .iter()
            .map(|order| order.submitted_at)
            .collect::<Vec<_>>(),
        [at(0)]
    );
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn a_list_has_orders_that_are_not_yet_processed() {
    let shop = Shop::open().await;
    let running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    let stored = shop.submit(guest(1), "stored").await;
    eventually("it to be stored", async || {
        (shop.stored().await == 0).then_some(())
    })
    .await;
    drop(running);
    let submit = crate::shop::submission(guest(1), 3);
    let waiting = shop
        .ordering
        .submit(submit, &key("waiting"), None, at(7))
        .await
        .unwrap()
        .order;
    shop.submit(guest(2), "other").await;

    let access = Access::Customer(guest(1));
    let page = eventually("both to be listed", async || {
        let page = shop.ordering.list(access.clone(), &OrderFilter::default(), None, 10).await.unwrap();
        (page.orders.len() == 2).then_some(page)
    })
    .await;
    assert_eq!((page.orders[0].id, page.orders[0].units), (waiting.id, 3));
    assert_eq!((page.orders[1].id, page.next), (stored.id, None));
    let first = shop.ordering.list(access.clone(), &OrderFilter::default(), None, 1).await.unwrap();
    assert_eq!((first.orders.len(), first.orders[0].id), (1, waiting.id));
    let second = shop
        .ordering
        .list(access.clone(), &OrderFilter::default(), first.next, 1)
        .await
        .unwrap();
    assert_eq!(
        (second.orders.len(), second.orders[0].id, second.next),
        (1, stored.id, None)
    );
    let confirmed = shop
        .ordering
        .list(access.clone(), Some(OrderState::Confirmed), None, 10)
        .await
        .unwrap();
    assert_eq!(confirmed.orders.len(), 1);
}

#[tokio::test]
async fn a_cancellation_is_one_wish_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    let cancel = async |access, key: &str, actor| {
        shop.ordering
            .cancel(access, order.id, &crate::shop::key(key), actor, None, at(9))
            .await
    };
    assert_eq!(
        cancel(Access::Customer(guest(2)), "c", None).await,
        Err(CancelError::NotFound)
    );
    for _ in 0..3 {
        assert_eq!(
            cancel(Access::Link(order.id), "c", None).await.as_ref(),
            Ok(&order)
        );
    }
    assert_eq!(shop.stored().await, 2, "the submission and one cancellation");
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    let cancelled = eventually("the order to be cancelled", async || {
        shop.read(Access::Staff, order.id)
            .await
            .filter(|order| order.state == OrderState::Cancelled)
    })
    .await;
    assert_eq!(
        cancelled.history.last().map(|entry| &entry.by),
        Some(&Actor::Customer(guest(1)))
    );
}

#[tokio::test]
async fn products_are_shown_and_as_they_were_where_postgres_is_away() {
    let shop = Shop::open().await;
    let sku = &skus()[1];
    let all = shop.ordering.products(None, None, 10, at(0)).await.unwrap();
    assert_eq!(
        all.iter().map(|product| product.sku.clone()).collect::<Vec<_>>(),
        skus()
    );
    assert_eq!(
        shop.ordering.products(Some("others"), None, 10, at(0)).await,
        Ok(vec![])
    );
    assert_eq!(
        shop.ordering
            .product(sku, at(0))
            .await
            .unwrap()
            .unwrap()
            .available,
        100
    );

    let running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    shop.submit(guest(1), "k").await;
    eventually("the order to be stored", async || {
        (shop.stored().await == 0).then_some(())
    })
    .await;
    drop(running);
    let fresh = shop.ordering.product(sku, at(10)).await.unwrap().unwrap();
    assert_eq!(fresh.available, 99, "what is sold is seen within seconds");

    shop.postgres.set(Mode::Refuse);
    let stale = shop.ordering.product(sku, at(100)).await.unwrap().unwrap();
    assert_eq!(stale, fresh);
    assert!(
        shop.ordering
            .product(&"unseen".parse().unwrap(), at(100))
            .await
            .is_err()
    );
}
