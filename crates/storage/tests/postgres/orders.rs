//! Orders as readers see them.

use domain::commands::Cancel;
use domain::{Access, OrderAction, OrderState};
use jiff::Timestamp;
use storage::OrderFilter;

use crate::shop::{Shop, at, customer, follow_up, submit};

fn in_state(state: OrderState) -> OrderFilter {
    OrderFilter {
        state: Some(state),
        ..OrderFilter::default()
    }
}

#[tokio::test]
async fn only_the_owner_the_link_and_staff_see_an_order() {
    let shop = Shop::with_product("assam", 10).await;
    let command = submit(customer(1), "a", &[("assam", 1)], at(0));
    let other = submit(customer(2), "b", &[("assam", 1)], at(0));
    shop.handle(vec![command.clone(), other.clone()], at(1))
        .await
        .unwrap();

    let id = command.order;
    for (access, seen) in [
        (Access::Customer(customer(1)), true),
        (Access::Link(id), true),
        (Access::Staff, true),
        (Access::Customer(customer(2)), false),
        (Access::Link(other.order), false),
    ] {
        assert_eq!(
            shop.storage.order(access.clone(), id).await.unwrap().is_some(),
            seen,
            "{access:?}"
        );
    }
    for (access, count) in [
        (Access::Customer(customer(1)), 1),
        (Access::Customer(customer(3)), 0),
        (Access::Link(id), 1),
        (Access::Staff, 2),
    ] {
        let page = shop
            .storage
            .orders(access.clone(), &OrderFilter::default(), None, 10)
            .await
            .unwrap();
        assert_eq!((page.orders.len(), page.next), (count, None), "{access:?}");
    }
}

#[tokio::test]
async fn pages_go_newest_first_and_miss_or_repeat_nothing() {
    let shop = Shop::with_product("assam", 100).await;
    // Five seconds with two orders each: the id decides within one.
    let commands: Vec<_> = (0..10)
        .map(|n| {
            submit(
                customer(1),
                &format!("{n}"),
                &[("assam", 1), ("none", 2)],
                at(n / 2),
            )
        })
        .collect();
    shop.handle(commands.clone(), at(60)).await.unwrap();

    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = shop
            .storage
            .orders(Access::Customer(customer(1)), &OrderFilter::default(), after, 3)
            .await
            .unwrap();
        assert!(page.orders.len() <= 3);
        seen.extend(page.orders.iter().map(|order| (order.submitted_at, order.id)));
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    let mut expected: Vec<_> = commands
        .iter()
        .map(|command| (command.at, command.order))
        .collect();
    expected.sort();
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_summary_says_what_the_document_says() {
    let shop = Shop::with_product("assam", 10).await;
    shop.add("cup", "cups", 5).await;
    let command = submit(customer(1), "a", &[("assam", 3), ("cup", 2)], at(0));
    let dropped = submit(customer(1), "b", &[("assam", 1)], at(5));
    shop.handle(vec![command.clone(), dropped.clone()], at(6))
        .await
        .unwrap();
    shop.handle(
        vec![follow_up(
            dropped.order,
            "c",
            OrderAction::Cancel(Cancel::default()),
            at(7),
        )],
        at(8),
    )
    .await
    .unwrap();

    let access = Access::Customer(customer(1));
    let page = shop
        .storage
        .orders(access.clone(), &in_state(OrderState::Confirmed), None, 10)
        .await
        .unwrap();
    let order = shop.storage.order(access, command.order).await.unwrap().unwrap();
    let summary = &page.orders[0];
    assert_eq!((page.orders.len(), summary.id, summary.units), (1, order.id, 5));
    assert_eq!(
        (summary.total, summary.version, summary.updated_at),
        (order.total, order.version, order.updated_at)
    );
    let all = shop
        .storage
        .orders(Access::Staff, &in_state(OrderState::Cancelled), None, 10)
        .await
        .unwrap();
    assert_eq!((all.orders.len(), all.orders[0].id), (1, dropped.order));
}

#[tokio::test]
async fn what_changed_since_is_found_then_or_later_by_whoever_may_see_it() {
    let shop = Shop::with_product("assam", 100).await;
    let commands: Vec<_> = (0..4)
        .map(|n| submit(customer(1), &n.to_string(), &[("assam", 1)], at(n)))
        .collect();
    shop.handle(commands.clone(), at(10)).await.unwrap();
    let cancel = follow_up(
        commands[1].order,
        "c",
        OrderAction::Cancel(Cancel::default()),
        at(20),
    );
    shop.handle(vec![cancel], at(20)).await.unwrap();
    let all = Access::Customers(vec![customer(1), customer(2)].into());
    for access in [Access::Customer(customer(1)), all, Access::Staff] {
        for (since, count) in [
            (Timestamp::MIN, 4),
            (at(10), 4),
            (at(11), 1),
            (at(20), 1),
            (Timestamp::MAX, 0),
        ] {
            let filter = OrderFilter {
                state: None,
                updated_since: Some(since),
            };
            let page = shop
                .storage
                .orders(access.clone(), &filter, None, 10)
                .await
                .unwrap();
            assert_eq!(page.orders.len(), count, "{access:?} since {since}");
            assert!(page.orders.iter().all(|order| filter.fits(order)));
        }
    }
}

#[tokio::test]
async fn what_has_not_changed_is_passed_over_in_the_index() {
    let shop = Shop::with_product("assam", 1000).await;
    let commands = (0..300).map(|n| submit(customer(1), &n.to_string(), &[("assam", 1)], at(n)));
    shop.handle(commands.collect(), at(400)).await.unwrap();
    // As the service asks: prepared, without knowing the values.
    let explained = "ANALYZE orders; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
        PREPARE list (text, timestamptz, uuid, timestamptz) AS SELECT id, units FROM order_summaries
        WHERE customer = $1 AND (submitted_at, id) < ($2, $3) AND updated_at >= $4
        ORDER BY submitted_at DESC, id DESC LIMIT 21;
        EXPLAIN EXECUTE list ('', 'infinity', '00000000-0000-0000-0000-000000000000', 'infinity')";
    let plan = devstack::servers::postgres::psql(&shop.servers.database_url, explained).unwrap();
    let condition = plan
        .lines()
        .find(|line| line.contains("Index Cond:"))
        .unwrap_or_default();
    assert!(
        plan.contains("orders_by_customer_and_change") && condition.contains("updated_at >= $4"),
        "{plan}"
    );
    assert!(!plan.contains("Sort"), "{plan}");
}

#[tokio::test]
async fn the_fingerprint_of_a_submission_is_kept() {
    let shop = Shop::with_product("assam", 10).await;
    let command = submit(customer(1), "a", &[("assam", 3)], at(0));
    assert_eq!(shop.storage.fingerprint(command.order).await.unwrap(), None);
    shop.handle(vec![command.clone()], at(1)).await.unwrap();
    let OrderAction::Submit(submit) = &command.action else {
        unreachable!()
    };
    assert_eq!(
        shop.storage.fingerprint(command.order).await.unwrap(),
        Some(submit.fingerprint())
    );
}

#[tokio::test]
async fn fields_that_a_newer_program_wrote_survive_a_step() {
    let shop = Shop::with_product("assam", 10).await;
    let command = submit(customer(1), "a", &[("assam", 3)], at(0));
    shop.handle(vec![command.clone()], at(1)).await.unwrap();
    let newer = r#"UPDATE orders SET document = document || '{"gift": {"wrap": "red"}}'"#;
    devstack::servers::postgres::psql(&shop.servers.database_url, newer).unwrap();
    shop.handle(
        vec![follow_up(
            command.order,
            "c",
            OrderAction::Cancel(Cancel::default()),
            at(2),
        )],
        at(3),
    )
    .await
    .unwrap();

    let order = shop
        .storage
        .order(Access::Staff, command.order)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(order.state, OrderState::Cancelled);
    assert_eq!(order.unknown["gift"]["wrap"], "red");
}
