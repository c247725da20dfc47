//! One batch, one transaction.

use std::collections::BTreeSet;

use domain::commands::{Cancel, Ship};
use domain::decide::{Verdict, decide};
use domain::{Access, CommandId, OrderAction, OrderState, Partition, Version};
use futures_util::future::join_all;
use storage::StorageError;

use crate::shop::{Shop, at, customer, follow_up, load, sku, submit};

#[tokio::test]
async fn a_batch_stores_documents_history_stock_and_ledger() {
    let shop = Shop::with_product("assam", 10).await;
    let (one, two) = (
        submit(customer(1), "a", &[("assam", 3)], at(0)),
        submit(customer(2), "b", &[("assam", 4)], at(1)),
    );
    shop.handle(vec![one.clone(), two], at(2)).await.unwrap();

    let order = shop
        .storage
        .order(Access::Staff, one.order)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (order.state, order.version, order.history.len()),
        (OrderState::Confirmed, Version(2), 2)
    );
    assert_eq!(
        shop.storage
            .product(&sku("assam"))
            .await
            .unwrap()
            .unwrap()
            .available,
        3
    );
    let audit = shop.storage.audit().await.unwrap();
    assert_eq!((audit.orders.len(), audit.history.len()), (2, 4));
    assert!(audit.orders.iter().all(|order| order.consistent));
    let product = &audit.products[0];
    assert_eq!(
        (product.available, product.ledger, product.put_in, product.sold),
        (3, 3, 10, 7)
    );
}

#[tokio::test]
async fn a_handled_command_is_known_with_its_events() {
    let shop = Shop::with_product("assam", 10).await;
    let command = submit(customer(1), "a", &[("assam", 3)], at(0));
    let first = shop.handle(vec![command.clone()], at(2)).await.unwrap();
    let Verdict::Effective(events) = &first.verdicts[0] else {
        panic!("{first:?}")
    };
    assert_eq!(events.len(), 2);

    let mut transaction = shop.storage.begin(&Partition::all().collect()).await.unwrap();
    let handled = transaction
        .handled(&[command.id, CommandId(uuid::Uuid::nil())])
        .await
        .unwrap();
    assert_eq!(handled.len(), 1);
    assert_eq!(&handled[&command.id], events);
    assert_eq!(
        &transaction.events_since(&[command.order], at(0)).await.unwrap(),
        events
    );
    assert!(
        transaction
            .events_since(&[command.order], at(60))
            .await
            .unwrap()
            .is_empty()
    );
    drop(transaction);

    let again = shop.handle(vec![command], at(9)).await.unwrap();
    assert_eq!(again.verdicts, first.verdicts);
    assert!(again.written.is_empty());
}

#[tokio::test]
async fn an_order_that_exists_fails_the_batch_and_leaves_nothing() {
    let shop = Shop::with_product("assam", 10).await;
    let command = submit(customer(1), "a", &[("assam", 3)], at(0));
    let neighbour = submit(customer(2), "b", &[("assam", 1)], at(0));
    let mut transaction = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let mut batch = load(&mut transaction, vec![neighbour, command.clone()])
        .await
        .unwrap();
    drop(transaction);
    shop.handle(vec![command], at(2)).await.unwrap();

    // Decided over what was loaded before the other writer stored it.
    let decisions = decide(&mut batch, at(3));
    let mut late = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let failed = late.write(&decisions).await;
    assert!(
        matches!(&failed, Err(StorageError::Exists(key)) if key == "orders_pkey"),
        "{failed:?}"
    );
    drop(late);
    let audit = shop.storage.audit().await.unwrap();
    assert_eq!(
        (
            audit.orders.len(),
            audit.history.len(),
            audit.products[0].available
        ),
        (1, 2, 7)
    );
}

#[tokio::test]
async fn only_the_next_version_is_written() {
    let shop = Shop::with_product("assam", 10).await;
    let command = submit(customer(1), "a", &[("assam", 3)], at(0));
    shop.handle(vec![command.clone()], at(2)).await.unwrap();
    let ship = follow_up(command.order, "s", OrderAction::Ship(Ship::default()), at(3));
    let cancel = follow_up(command.order, "c", OrderAction::Cancel(Cancel::default()), at(3));
    let mut transaction = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let mut batch = load(&mut transaction, vec![cancel]).await.unwrap();
    drop(transaction);
    shop.handle(vec![ship], at(4)).await.unwrap();

    let stale = decide(&mut batch, at(5));
    let mut late = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let failed = late.write(&stale).await;
    assert!(matches!(&failed, Err(StorageError::Failed(_))), "{failed:?}");
    drop(late);
    let order = shop
        .storage
        .order(Access::Staff, command.order)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((order.state, order.version), (OrderState::Shipped, Version(3)));
    assert_eq!(
        shop.storage
            .product(&sku("assam"))
            .await
            .unwrap()
            .unwrap()
            .available,
        7
    );
}

#[tokio::test]
async fn a_history_that_skips_a_version_is_refused() {
    let shop = Shop::with_product("assam", 10).await;
    let mut transaction = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let command = submit(customer(1), "a", &[("assam", 3)], at(0));
    let mut batch = load(&mut transaction, vec![command]).await.unwrap();
    let mut decisions = decide(&mut batch, at(1));
    decisions.written[0].history.remove(0);
    let failed = transaction.write(&decisions).await;
    assert!(matches!(&failed, Err(StorageError::Failed(_))), "{failed:?}");
}

#[tokio::test]
async fn stock_never_goes_below_zero_whatever_was_decided() {
    let shop = Shop::with_product("assam", 2).await;
    let mut transaction = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let mut batch = load(
        &mut transaction,
        vec![submit(customer(1), "a", &[("assam", 2)], at(0))],
    )
    .await
    .unwrap();
    drop(transaction);
    shop.handle(vec![submit(customer(2), "b", &[("assam", 1)], at(0))], at(1))
        .await
        .unwrap();

    let decisions = decide(&mut batch, at(2));
    let mut late = shop.storage.begin(&BTreeSet::new()).await.unwrap();
    let failed = late.write(&decisions).await;
    assert!(
        matches!(&failed, Err(StorageError::Failed(why)) if why.contains("assam")),
        "{failed:?}"
    );
    drop(late);
    let audit = shop.storage.audit().await.unwrap();
    assert_eq!((audit.orders.len(), audit.products[0].available), (1, 1));
}

#[tokio::test]
async fn batches_at_once_neither_block_each_other_nor_oversell() {
    let shop = Shop::with_product("assam", 30).await;
    shop.add("earl-grey", "tea", 30).await;
    // Opposite orders of lines, mixed partitions: without the order of locks these deadlock.
    let batches = (0..16_u128).map(|number| {
        let lines: &[(&str, i64)] = if number % 2 == 0 {
            &[("assam", 1), ("earl-grey", 1)]
        } else {
            &[("earl-grey", 1), ("assam", 1)]
        };
        let commands = (0..4)
            .map(|n| submit(customer(number), &format!("{n}"), lines, at(0)))
            .collect();
        shop.handle(commands, at(1))
    });
    for handled in join_all(batches).await {
        handled.unwrap();
    }
    let audit = shop.storage.audit().await.unwrap();
    let confirmed = audit
        .orders
        .iter()
        .filter(|order| order.state == OrderState::Confirmed)
        .count();
    assert_eq!((audit.orders.len(), confirmed), (64, 30));
    assert!(
        audit
            .products
            .iter()
            .all(|product| (product.available, product.sold) == (0, 30))
    );
}

#[tokio::test]
async fn a_partition_has_one_transaction_at_a_time() {
    let shop = Shop::open().await;
    let partitions: BTreeSet<Partition> = Partition::all().take(3).collect();
    let holder = shop.storage.begin(&partitions).await.unwrap();
    let elsewhere = Partition::all().skip(3).collect();
    shop.storage
        .begin(&elsewhere)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();

    let waiting = shop.storage.begin(&partitions);
    tokio::pin!(waiting);
    let early = tokio::time::timeout(std::time::Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err(), "the lock was not held");
    holder.commit().await.unwrap();
    waiting.await.unwrap();
}

#[tokio::test]
async fn history_and_ledger_only_grow() {
    let shop = Shop::with_product("assam", 10).await;
    shop.handle(vec![submit(customer(1), "a", &[("assam", 3)], at(0))], at(1))
        .await
        .unwrap();
    for statement in [
        "UPDATE order_history SET state = 'shipped'",
        "DELETE FROM order_history",
        "DELETE FROM stock_ledger",
        "UPDATE catalog_commands SET sku = 'x'",
        "TRUNCATE stock_ledger",
    ] {
        let refused = devstack::servers::postgres::psql(&shop.servers.database_url, statement).unwrap_err();
        assert!(format!("{refused:#}").contains("only grows"), "{refused:#}");
    }
}
