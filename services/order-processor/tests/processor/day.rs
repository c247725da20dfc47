//! A whole day's commands once more: nothing changes.

use std::collections::BTreeSet;

use devstack::testing::{change_stream, eventually, jetstream};
use domain::catalog::ChangePrice;
use domain::commands::{Cancel, Deliver, Ship};
use domain::{CatalogAction, Order, OrderAction, OrderCommand, OrderEvent, OrderState, Version};
use futures_util::StreamExt;
use messaging::commands::{catalog_message, order_message};
use messaging::live::Live;
use messaging::{DeadLetters, Message};
use serde_json::{Value, json};
use storage::audit::Audit;

use crate::samples::*;
use crate::stack::Stack;

const ORDERS: usize = 300;

/// What happens on the day, in its order: each part is done before the next.
fn day() -> Vec<Vec<Message>> {
    let catalog = |name, word, action| catalog_message(&catalog(name, word, action), "test");
    let price = |minor, version| {
        CatalogAction::Price(ChangePrice {
            price: eur(minor),
            version: Version(version),
        })
    };
    let order = |command: &OrderCommand| order_message(command, "test", Some("r-1"));
    let name = |number: usize| format!("order-{number}");
    let submissions = (0..ORDERS).map(|number| {
        // Of the pots there are too few.
        let product = if number.is_multiple_of(10) { "pot" } else { "tea" };
        order(&submission(
            &name(number),
            product,
            1 + i64::try_from(number % 3).unwrap(),
        ))
    });
    let staff = |every: usize, word: &'static str, action: fn() -> OrderAction| {
        (0..ORDERS)
            .step_by(every)
            .map(move |number| order(&by_staff(&name(number), word, action())))
    };
    let ship = || OrderAction::Ship(Ship { tracking: None });
    vec![
        vec![
            catalog("tea", "dearer", price(500, 1)),
            catalog("tea", "from-an-old-page", price(300, 1)),
            catalog_message(&stock("tea", "more", 50), "test"),
            catalog_message(&stock("tea", "too-few", -100_000), "test"),
        ],
        submissions.collect(),
        staff(3, "early", || OrderAction::Cancel(Cancel::default())).collect(),
        staff(2, "out", ship)
            .chain(staff(8, "there", || OrderAction::Deliver(Deliver {})))
            .collect(),
        staff(4, "late", || OrderAction::Cancel(Cancel::default())).collect(),
        vec![catalog("pot", "cheaper", price(100, 1))],
    ]
}

async fn send(stack: &Stack, messages: &[Message]) {
    for published in stack.messaging.publish_all(messages).await {
        assert!(!published.unwrap().duplicate, "the broker must not help");
    }
    stack.idle_queues().await;
}

/// Everything that must stay as it is.
#[derive(Debug, PartialEq)]
struct World {
    audit: Audit,
    orders: Vec<Order>,
    events: BTreeSet<String>,
    letters: u64,
}

impl World {
    async fn of(stack: &Stack, names: usize) -> Self {
        let mut orders = Vec::new();
        for number in 0..names {
            orders.push(stack.order(order_id(&format!("order-{number}"))).await.unwrap());
        }
        Self {
            audit: stack.storage.audit().await.unwrap(),
            orders,
            events: events(stack).await.iter().map(telling).collect(),
            letters: DeadLetters::new(stack.messaging.clone()).count().await.unwrap(),
        }
    }
}

/// Without the time: that a submission was told is told by itself and by its decision.
fn telling(event: &OrderEvent) -> String {
    let OrderEvent {
        state,
        customer,
        by,
        total,
        reason,
        refused,
        ..
    } = event;
    let id = event.id();
    format!("{id} {state:?} {customer} {by} {total:?} {reason:?} {refused:?}")
}

/// Every event of an order that `EVENTS` holds, however often.
async fn events(stack: &Stack) -> Vec<OrderEvent> {
    let live = stack.messaging.live(std::time::Duration::from_secs(3600));
    let all = live.take_while(|live| std::future::ready(!matches!(live, Live::CaughtUp)));
    let events = all.filter_map(async |live| match live {
        Live::Event(event) => Some(event),
        _ => None,
    });
    events.collect().await
}

/// How many messages a stream has ever stored.
async fn stored(stack: &Stack, stream: &str) -> Value {
    let (url, request) = (&stack.servers.nats_url, format!("STREAM.INFO.{stream}"));
    jetstream(url, &request, &json!({})).await["state"]["last_seq"].clone()
}

async fn begun() -> (Stack, Vec<Vec<Message>>, World) {
    let stack = Stack::start().await;
    stack.add("pot", 2000, 20).await;
    let day = day();
    for part in &day {
        send(&stack, part).await;
    }
    let world = World::of(&stack, ORDERS).await;
    let states: BTreeSet<_> = world.orders.iter().map(|order| order.state.as_str()).collect();
    let expected = [
        OrderState::Confirmed,
        OrderState::Rejected,
        OrderState::Cancelled,
        OrderState::Shipped,
        OrderState::Delivered,
    ];
    assert_eq!(states, expected.iter().map(|state| state.as_str()).collect());
    assert_eq!((world.letters, world.audit.orders.len()), (0, ORDERS));
    (stack, day, world)
}

#[tokio::test]
async fn a_whole_days_commands_again_change_nothing_and_are_told_to_nobody() {
    let (mut stack, day, world) = begun().await;
    let told = stored(&stack, "EVENTS").await;
    // Work queues forget the ids of what was consumed; `EVENTS` knows its own.
    stack.servers.kill_nats().await;
    stack.servers.start_nats().await;
    ready(&stack).await;
    let day = day.concat();
    send(&stack, &day).await;
    assert_eq!(World::of(&stack, ORDERS).await, world);
    assert_eq!(stored(&stack, "EVENTS").await, told);
}

#[tokio::test]
async fn beyond_every_duplicate_window_a_whole_days_commands_in_any_order_change_nothing() {
    let (mut stack, day, world) = begun().await;
    for stream in ["ORDERS", "CATALOG", "EVENTS"] {
        let shortest = json!({ "duplicate_window": 100_000_000 });
        change_stream(&stack.servers.nats_url, stream, &shortest).await;
    }
    stack.servers.kill_nats().await;
    stack.servers.start_nats().await;
    ready(&stack).await;
    let mut day = day.concat();
    day.reverse();
    send(&stack, &day).await;
    // Events of then are told again under their ids: whoever hears them knows them by these.
    assert_eq!(World::of(&stack, ORDERS).await, world);
}

async fn ready(stack: &Stack) {
    eventually("the processor to be ready", async || {
        let answer = stack.admin("/readyz").await;
        answer.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
}
