//! I5 and I6 over random histories: duplicates, any order, any cut into batches.

use std::collections::HashMap;

use domain::decide::Verdict;
use domain::{Money, Order, OrderAction, OrderCommand, OrderState, Product, Sku};
use proptest::prelude::*;

use crate::samples::*;

const ORDERS: usize = 4;
const SKUS: [&str; 4] = ["tea", "pot", "cup", "none"];

#[derive(Debug, Clone)]
struct History {
    products: Vec<Product>,
    commands: Vec<OrderCommand>,
    /// Where the commands are cut into batches.
    cuts: Vec<bool>,
}

fn products() -> impl Strategy<Value = Vec<Product>> {
    let one = |name: &'static str| {
        (0..3000_i64, 0..6_i64).prop_map(move |(price, stock)| product(name, eur(price), stock))
    };
    (one("tea"), one("pot"), one("cup")).prop_map(|(a, b, c)| vec![a, b, c])
}

fn submission_of(name: String) -> impl Strategy<Value = OrderCommand> {
    let lines = prop::sample::subsequence(SKUS.to_vec(), 1..=3);
    (
        lines,
        prop::collection::vec(1..4_i64, 3),
        prop::option::weighted(0.2, 0..9000_i64),
    )
        .prop_map(move |(skus, quantities, expected)| {
            let lines: Vec<_> = skus.into_iter().zip(quantities).collect();
            let mut wanted = submit(&lines);
            wanted.expected_total = expected.map(eur);
            submission(&name, wanted)
        })
}

fn command() -> impl Strategy<Value = OrderCommand> {
    (0..ORDERS, 0..3_u8).prop_flat_map(|(order, word)| {
        let name = format!("order-{order}");
        prop_oneof![
            4 => submission_of(name.clone()),
            2 => Just(cancel(&name, &format!("cancel-{word}"))),
            2 => (1..6_u32).prop_map({
                let name = name.clone();
                move |version| cancel_at(&name, &format!("cancel-{version}-{word}"), version)
            }),
            1 => Just(OrderCommand { actor: stranger(), ..cancel(&name, &format!("theft-{word}")) }),
            2 => Just(ship(&name, &format!("ship-{word}"))),
            2 => Just(deliver(&name, &format!("deliver-{word}"))),
        ]
    })
}

/// Random commands; some of them come again anywhere later.
fn history() -> impl Strategy<Value = History> {
    let commands = prop::collection::vec(command(), 1..30);
    let again = prop::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        0..10,
    );
    (
        products(),
        commands,
        again,
        prop::collection::vec(any::<bool>(), 40),
    )
        .prop_map(|(products, mut commands, again, cuts)| {
            for (which, place) in again {
                let copy = commands[which.index(commands.len())].clone();
                commands.insert(place.index(commands.len() + 1), copy);
            }
            History {
                products,
                commands,
                cuts,
            }
        })
}

/// Handles all commands, cut at `cuts`, and gives the verdicts. Checks what was written on the way.
fn run(shop: &mut Shop, commands: &[OrderCommand], cuts: &[bool]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut batch = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        batch.push(command.clone());
        if cuts[index % cuts.len()] || index + 1 == commands.len() {
            verdicts.extend(run_batch(shop, std::mem::take(&mut batch)));
        }
    }
    verdicts
}

fn run_batch(shop: &mut Shop, batch: Vec<OrderCommand>) -> Vec<Verdict> {
    let before = shop.batch.clone();
    let decided = shop.decide(batch);
    check_seen(shop, &decided.verdicts);
    for written in &decided.written {
        let stored = before.orders.get(&written.order.id);
        assert_eq!(written.new, stored.is_none());
        let base = stored.map_or(0, |order| order.version.0);
        let versions: Vec<u32> = written.history.iter().map(|row| row.entry.version.0).collect();
        let expected: Vec<u32> = (base + 1..=written.order.version.0).collect();
        assert_eq!(versions, expected, "versions grow by one");
        for row in &written.history {
            assert_eq!(
                (row.event.version, row.event.state),
                (row.entry.version, row.entry.state)
            );
        }
    }
    for (sku, product) in &shop.batch.products {
        let change = decided.stock().get(sku).copied().unwrap_or(0);
        assert!(product.available >= 0, "stock of {sku} is below zero");
        assert_eq!(product.available, before.products[sku].available + change);
    }
    decided.verdicts
}

/// What is called off as it was seen was so.
fn check_seen(shop: &Shop, verdicts: &[Verdict]) {
    for (command, verdict) in shop.batch.commands.iter().zip(verdicts) {
        let (OrderAction::Cancel(wish), Verdict::Effective(told)) = (&command.action, verdict) else {
            continue;
        };
        let cancelled = told.iter().find(|event| event.state == OrderState::Cancelled);
        if let (Some(seen), Some(event)) = (wish.version, cancelled.filter(|event| event.refused.is_none())) {
            assert_eq!(event.version, seen.next());
        }
    }
}

fn legal(from: OrderState, to: OrderState) -> bool {
    use OrderState::{Cancelled, Confirmed, Delivered, Rejected, Shipped, Submitted};
    matches!(
        (from, to),
        (Submitted, Confirmed | Rejected) | (Confirmed, Shipped | Cancelled) | (Shipped, Delivered)
    )
}

fn check_order(order: &Order, prices: &HashMap<Sku, Money>) {
    assert_eq!(order.version.0 as usize, order.history.len());
    assert_eq!(order.history[0].state, OrderState::Submitted);
    assert_eq!(order.history.last().unwrap().state, order.state);
    for pair in order.history.windows(2) {
        assert_eq!(pair[1].version, pair[0].version.next());
        assert!(pair[1].at >= pair[0].at);
        if pair[1].refused.is_some() {
            assert_eq!(pair[0].state, pair[1].state, "a refused wish leaves the state");
        } else {
            assert!(
                legal(pair[0].state, pair[1].state),
                "{} to {}",
                pair[0].state,
                pair[1].state
            );
        }
    }
    if order.state != OrderState::Rejected {
        let total: i64 = order
            .lines
            .iter()
            .map(|line| prices[&line.sku].minor * i64::from(line.quantity))
            .sum();
        assert_eq!(order.total, Some(eur(total)), "totals are catalog prices");
    }
}

fn sold(shop: &Shop, sku: &Sku) -> i64 {
    let holds = |order: &&Order| {
        matches!(
            order.state,
            OrderState::Confirmed | OrderState::Shipped | OrderState::Delivered
        )
    };
    let lines = shop
        .batch
        .orders
        .values()
        .filter(holds)
        .flat_map(|order| &order.lines);
    lines
        .filter(|line| line.sku == *sku)
        .map(|line| i64::from(line.quantity))
        .sum()
}

proptest! {
    #[test]
    fn every_promise_holds_over_every_history(history in history()) {
        let mut shop = Shop::with(history.products.clone());
        run(&mut shop, &history.commands, &history.cuts);
        let prices = history.products.iter().map(|p| (p.sku.clone(), p.price)).collect();
        for order in shop.batch.orders.values() {
            check_order(order, &prices);
        }
        for product in &history.products {
            let left = shop.batch.products[&product.sku].available;
            prop_assert_eq!(sold(&shop, &product.sku) + left, product.available, "sold and left are what was put in");
        }
    }

    #[test]
    fn handling_everything_again_changes_nothing(history in history()) {
        let mut shop = Shop::with(history.products);
        let first = run(&mut shop, &history.commands, &history.cuts);
        let (orders, products) = (shop.batch.orders.clone(), shop.batch.products.clone());
        // What came before its order waits and would take effect now; it is no repetition.
        let (commands, first): (Vec<_>, Vec<_>) =
            history.commands.into_iter().zip(first).filter(|(_, verdict)| *verdict != Verdict::Early).unzip();
        let again = run(&mut shop, &commands, &history.cuts);
        prop_assert_eq!(again, first);
        prop_assert_eq!(shop.batch.orders, orders);
        prop_assert_eq!(shop.batch.products, products);
    }

    #[test]
    fn the_cut_into_batches_makes_no_difference(history in history(), other in prop::collection::vec(any::<bool>(), 40)) {
        let mut one = Shop::with(history.products.clone());
        let mut two = Shop::with(history.products);
        let verdicts = run(&mut one, &history.commands, &history.cuts);
        prop_assert_eq!(run(&mut two, &history.commands, &other), verdicts);
        prop_assert_eq!(one.batch.orders, two.batch.orders);
        prop_assert_eq!(one.batch.products, two.batch.products);
    }
}
