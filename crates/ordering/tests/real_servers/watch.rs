//! An order as it moves.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::pin::pin;

use domain::{Access, Order, OrderId, OrderState, Version};
use futures_util::{Stream, StreamExt};
use ordering::Ordering;

use crate::processor::{self, Manner, at};
use crate::shop::{Shop, guest, key};
use devstack::testing::eventually;

async fn watch(
    door: &Ordering,
    id: OrderId,
    after: Option<Version>,
) -> impl Stream<Item = Order> + Send + use<> {
    door.watch(Access::Customer(guest(1)), id, after)
        .await
        .unwrap()
        .unwrap()
}

/// The next version, or a panic with `what` was waited for.
async fn next(stream: &mut (impl Stream<Item = Order> + Unpin), what: &str) -> Order {
    let next = tokio::time::timeout(std::time::Duration::from_secs(20), stream.next()).await;
    next.unwrap_or_else(|_| panic!("waited in vain for {what}"))
        .unwrap_or_else(|| panic!("ended before {what}"))
}

#[tokio::test]
async fn a_watcher_gets_the_order_and_then_every_version_until_it_ends() {
    let shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    let door = shop.another_door().await;
    let mut stream = pin!(watch(&door, order.id, None).await);
    assert_eq!(next(&mut stream, "submitted").await.state, OrderState::Submitted);

    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    let confirmed = next(&mut stream, "confirmed").await;
    assert_eq!(
        (confirmed.state, confirmed.version),
        (OrderState::Confirmed, Version(2))
    );

    let mut late = pin!(watch(&door, order.id, Some(Version(2))).await);
    shop.ordering
        .cancel(Access::Staff, order.id, &key("c"), None, None, at(1))
        .await
        .unwrap();
    for stream in [&mut stream, &mut late] {
        let cancelled = next(stream, "cancelled").await;
        assert_eq!(
            (cancelled.state, cancelled.version),
            (OrderState::Cancelled, Version(3))
        );
        assert!(
            stream.next().await.is_none(),
            "nothing comes after the last version"
        );
    }
    let mut over = pin!(watch(&door, order.id, Some(Version(3))).await);
    assert!(over.next().await.is_none());
}

#[tokio::test]
async fn a_stranger_watches_nothing() {
    let shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    assert!(
        shop.ordering
            .watch(Access::Customer(guest(2)), order.id, None)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_watcher_survives_the_loss_of_nats() {
    let mut shop = Shop::open().await;
    let order = shop.submit(guest(1), "k").await;
    let door = shop.another_door().await;
    let mut stream = pin!(watch(&door, order.id, Some(Version::FIRST)).await);
    shop.servers.kill_nats().await;
    shop.servers.start_nats().await;
    let _running = processor::start(&shop.messaging, &shop.storage, Manner::Decides);
    assert_eq!(next(&mut stream, "confirmed").await.state, OrderState::Confirmed);
    eventually("the cancellation to be taken", async || {
        shop.ordering
            .cancel(Access::Staff, order.id, &key("c"), None, None, at(1))
            .await
            .ok()
    })
    .await;
    assert_eq!(next(&mut stream, "cancelled").await.state, OrderState::Cancelled);
}
