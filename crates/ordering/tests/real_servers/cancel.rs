//! Wishes to call an order off.

use devstack::proxy::Mode;
use devstack::testing::eventually;
use domain::{Access, Actor, OrderState, Version};
use ordering::{CancelError, Ordering};

use crate::processor::{self, Manner, at};
use crate::shop::{Shop, guest, key};

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
async fn a_wish_for_a_version_that_is_known_to_be_gone_is_refused_here_but_not_its_retry() {
    let shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    let access = Access::Customer(guest(1));
    let cancel = async |door: &Ordering, name: &str, seen| {
        let (access, seen) = (access.clone(), Some(Version(seen)));
        door.cancel(access, order.id, &key(name), None, seen, at(9)).await
    };
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    let confirmed = eventually("the order to be decided", async || {
        let found = shop.read(access.clone(), order.id).await;
        found.filter(|order| order.version == Version(2))
    })
    .await;
    assert_eq!(
        cancel(&shop.ordering, "early", 1).await,
        Err(CancelError::Changed)
    );
    assert_eq!(cancel(&shop.ordering, "c", 2).await, Ok(confirmed));
    let cancelled = eventually("the order to be cancelled", async || {
        let found = shop.read(access.clone(), order.id).await;
        found.filter(|order| order.state == OrderState::Cancelled)
    })
    .await;
    assert_eq!(
        cancel(&shop.ordering, "c", 2).await,
        Ok(cancelled.clone()),
        "the same wish"
    );
    assert_eq!(
        cancel(&shop.ordering, "other", 2).await,
        Err(CancelError::Changed)
    );

    // With Postgres away what is cached is enough: whether a version that is not known here is there, the processor decides.
    shop.postgres.set(Mode::Refuse);
    assert_eq!(cancel(&shop.ordering, "unseen", 4).await, Ok(cancelled));
}
