//! Where an order is found, and by whom.

use domain::{Access, OrderState, Version};
use storage::OrderFilter;

use crate::processor::{self, Manner, at, letters};
use crate::shop::{Shop, flush, guest, key};
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
    let first = shop
        .ordering
        .list(access.clone(), &OrderFilter::default(), None, 2)
        .await
        .unwrap();
    assert_eq!(
        first
            .orders
            .iter()
            .map(|order| order.submitted_at)
            .collect::<Vec<_>>(),
        [at(2), at(1)]
    );
    let next = ordering::read_cursor(&ordering::cursor(first.next.unwrap()));
    let second = shop
        .ordering
        .list(access.clone(), &OrderFilter::default(), next, 2)
        .await
        .unwrap();
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
        let page = shop
            .ordering
            .list(access.clone(), &OrderFilter::default(), None, 10)
            .await
            .unwrap();
        (page.orders.len() == 2).then_some(page)
    })
    .await;
    assert_eq!((page.orders[0].id, page.orders[0].units), (waiting.id, 3));
    assert_eq!((page.orders[1].id, page.next), (stored.id, None));
    let first = shop
        .ordering
        .list(access.clone(), &OrderFilter::default(), None, 1)
        .await
        .unwrap();
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
        .list(
            access.clone(),
            &OrderFilter {
                state: Some(OrderState::Confirmed),
                updated_since: None,
            },
            None,
            10,
        )
        .await
        .unwrap();
    assert_eq!(confirmed.orders.len(), 1);
    let later = OrderFilter {
        state: None,
        updated_since: Some(at(7)),
    };
    let page = shop.ordering.list(access, &later, None, 10).await.unwrap();
    assert_eq!((page.orders.len(), page.orders[0].id), (1, waiting.id));
}
