//! What can't be handled harms nobody else.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use chassis::clock;
use devstack::Part;
use devstack::stack::Binaries;
use domain::{Customer, GuestId, OrderCommand, OrderDraft, OrderId};
use messaging::{ConnectOptions, Messaging};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use crate::support::{Shop, draft, orders_only, until};

/// Six redeliveries, each after the ack wait of five seconds, with room for a busy machine.
const LONG_ENOUGH: Duration = Duration::from_secs(150);
const MARKER: &str = "crash here";

async fn messaging(shop: &Shop) -> Messaging {
    let options = ConnectOptions {
        url: SecretString::from(shop.stack.nats_url()),
        seed: Some(
            std::fs::read_to_string(shop.stack.nats_seed_file())
                .unwrap()
                .into(),
        ),
        name: "test".into(),
        request_timeout: Duration::from_secs(5),
        now: clock::now,
    };
    Messaging::connect(options).await.unwrap()
}

/// A submission as a front door would send it.
fn submission() -> OrderCommand {
    let draft: OrderDraft = serde_json::from_value(draft("tea", 1)).unwrap();
    let customer = Customer::Guest(GuestId(clock::random_id()));
    let id = OrderId::derive(customer, &"mine".parse().unwrap());
    OrderCommand::submit(id, draft.parse(customer).unwrap(), clock::now())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_can_not_be_read_is_a_dead_letter_with_its_reason_and_its_neighbours_are_orders() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 100).await;
    let (before, bad, after) = (submission(), submission(), submission());
    let message = |command| messaging::commands::order_message(command, "test", None);
    let mut nonsense = message(&bad);
    nonsense.body = Bytes::from_static(b"{\"lines\": [");
    let messages = [message(&before), nonsense, message(&after)];
    let published = messaging(&shop).await.publish_all(&messages).await;
    assert!(published.iter().all(Result::is_ok), "{published:?}");

    shop.in_state(&before.order.to_string(), "confirmed").await;
    shop.in_state(&after.order.to_string(), "confirmed").await;
    shop.processed().await;
    let letters = shop.dead_letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0]["reason"], "undecodable", "{letters:?}");
    assert_eq!(letters[0]["subject"], messages[1].subject);
    assert_ne!(letters[0]["error"], "");
    assert_eq!(shop.orders(), "2");
}

/// The processor of a fault drill: it dies of every order whose note is the marker.
fn drill(shop: &Shop) -> Child {
    let mut command = Command::new(Binaries::find().unwrap().path("order-processor"));
    command
        .args(["--fault-marker", MARKER, "--admin-listen", "127.0.0.1:0"])
        .envs(shop.stack.env_of(Part::OrderProcessor).unwrap())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command.spawn().unwrap()
}

/// Starts the drill's processor whenever it died, until there is a dead letter. Gives how often it died.
async fn die_until_dead_letter(shop: &Shop) -> u32 {
    let (mut processor, mut deaths, deadline) = (drill(shop), 0, Instant::now() + LONG_ENOUGH);
    while shop.dead_letters().await.is_empty() {
        assert!(Instant::now() < deadline, "no dead letter after {deaths} deaths");
        if let Ok(status) = timeout(Duration::from_millis(200), processor.wait()).await {
            assert!(!status.unwrap().success());
            (processor, deaths) = (drill(shop), deaths + 1);
        }
    }
    deaths
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_kills_the_processor_is_held_its_neighbours_are_not_and_replay_decides_it() {
    let shop = Shop::start(orders_only()).await;
    shop.add("tea", 100).await;
    shop.stack.terminate(Part::OrderProcessor).await.unwrap();
    let (guest, good) = (shop.guest().await, draft("tea", 1));
    let mut poison = good.clone();
    poison["note"] = json!(MARKER);
    let before = shop.order(&guest, "before", &good).await;
    let bad = shop.order(&guest, "bad", &poison).await;
    let after = shop.order(&guest, "after", &good).await;

    let deaths = die_until_dead_letter(&shop).await;
    assert!((5..=7).contains(&deaths), "{deaths} deaths");
    let letters = shop.dead_letters().await;
    assert_eq!(letters[0]["reason"], "attempts_exhausted", "{letters:?}");
    let held = until("the order to be held", LONG_ENOUGH, async || {
        let answer = shop.read(&guest, &bad).await;
        (answer.body["state"] == "held").then_some(answer)
    })
    .await;
    assert_eq!((held.status, &held.body["version"]), (200, &json!(1)));

    shop.stack.start_part(Part::OrderProcessor).await.unwrap();
    shop.in_state(&before, "confirmed").await;
    shop.in_state(&after, "confirmed").await;
    assert_eq!(shop.orders(), "2");
    let number = letters[0]["sequence"].to_string();
    let replayed = shop.ctl(["dead-letters", "replay", &number]).await;
    assert_eq!(replayed, json!({ "replayed": [letters[0]["sequence"]] }));
    shop.in_state(&bad, "confirmed").await;
    until("its customer to see it confirmed", LONG_ENOUGH, async || {
        (shop.read(&guest, &bad).await.body["state"] == "confirmed").then_some(())
    })
    .await;
    shop.processed().await;
    assert_eq!(shop.dead_letters().await, Vec::<Value>::new());
    assert_eq!(shop.sql("SELECT available FROM products"), "97");
}
