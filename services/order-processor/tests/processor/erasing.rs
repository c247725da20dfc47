//! Customers who were erased: what becomes of their orders, and of what comes of theirs later.

use chassis::clock;
use devstack::testing::{eventually, stored};
use domain::commands::{Cancel, Deliver, Ship};
use domain::{AccountId, GuestId, Order, OrderAction, OrderCommand, OrderEvent, OrderState, ReasonCode};
use jiff::SignedDuration;
use messaging::commands::order_message;
use messaging::{DeadLetters, Schedules};
use storage::{Account, NewSession, Role};
use uuid::Uuid;

use crate::samples::*;
use crate::stack::Stack;

const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));

/// Makes an account that the customer's scope belongs to, and erases it.
async fn erase(stack: &Stack) {
    let now = clock::now();
    let account = Account {
        id: ACCOUNT,
        email: Some("ada@example.org".into()),
        email_key: Some("ada@example.org".into()),
        role: Role::Customer,
        name: "Ada Example".into(),
        locale: "en".into(),
        created_at: now,
        updated_at: now,
    };
    let session = NewSession {
        id: Uuid::from_u128(2),
        refresh_hash: [0; 32],
        device: "app".into(),
        now,
        expires_at: now + SignedDuration::from_hours(1),
        ends_at: now + SignedDuration::from_hours(1),
    };
    let guest = Some(GuestId(Uuid::from_u128(7)));
    let storage = &stack.storage;
    storage.sign_up(&account, "hash", guest, &session).await.unwrap();
    let ended = storage.erase_account(ACCOUNT, Some("hash"), None, now).await;
    assert_eq!(ended.unwrap(), Some(vec![session.id]));
}

async fn done(stack: &Stack) {
    eventually("the erasure to be done", async || {
        let erasure = stack.storage.erasure(ACCOUNT).await.unwrap().unwrap();
        erasure.done.then_some(())
    })
    .await;
}

fn has_personal_data(order: &Order) -> bool {
    let json = serde_json::to_string(order).unwrap();
    let personal = ["Ada", "example.org", "Main Street", "12345", "Town", "TRACK"];
    personal.iter().any(|text| json.contains(text))
}

fn verbs(events: &[OrderEvent]) -> Vec<&'static str> {
    events.iter().map(OrderEvent::verb).collect()
}

fn ship() -> OrderAction {
    OrderAction::Ship(Ship {
        tracking: Some("TRACK-1".parse().unwrap()),
    })
}

#[tokio::test]
async fn orders_at_their_end_are_stripped_and_those_under_way_when_they_come_to_it() {
    let stack = Stack::start().await;
    for command in [
        submission("off", "tea", 1),
        submission("open", "tea", 1),
        submission("no", "none", 1),
        by_staff("off", "c", OrderAction::Cancel(Cancel::default())),
        by_staff("open", "s", ship()),
    ] {
        stack.send(&command).await;
    }
    stack.order_in(order_id("off"), OrderState::Cancelled).await;
    stack.order_in(order_id("open"), OrderState::Shipped).await;
    stack.order_in(order_id("no"), OrderState::Rejected).await;
    erase(&stack).await;
    done(&stack).await;
    let events = stack.events_to(order_id("off"), 4).await;
    assert_eq!(verbs(&events), ["submitted", "confirmed", "cancelled", "erased"]);
    let events = stack.events_to(order_id("no"), 3).await;
    assert_eq!(verbs(&events), ["submitted", "rejected", "erased"]);
    for name in ["off", "no"] {
        let order = stack.order(order_id(name)).await.unwrap();
        assert!(
            !has_personal_data(&order) && order.erased_at.is_some(),
            "{order:?}"
        );
        assert_eq!(
            stack.cached(order_id(name)).await,
            Some(order.version.0.into()),
            "the cache has no older one"
        );
    }
    let open = stack.order(order_id("open")).await.unwrap();
    assert!(has_personal_data(&open), "its delivery needs them");

    stack
        .send(&by_staff("open", "d", OrderAction::Deliver(Deliver {})))
        .await;
    let events = stack.events_to(order_id("open"), 5).await;
    assert_eq!(
        verbs(&events),
        ["submitted", "confirmed", "shipped", "delivered", "erased"]
    );
    let order = stack.order(order_id("open")).await.unwrap();
    assert!(!has_personal_data(&order));
    assert_eq!((order.state, order.version.0), (OrderState::Delivered, 5));
    let told = serde_json::to_string(&events).unwrap();
    assert!(!told.contains("TRACK") && !told.contains("Ada"), "{told}");
}

#[tokio::test]
async fn what_comes_later_is_rejected_and_stored_without_personal_data() {
    let stack = Stack::start().await;
    stack.send(&submission("first", "tea", 1)).await;
    stack.order_in(order_id("first"), OrderState::Confirmed).await;
    let schedules = Schedules::new(stack.messaging.clone());
    let at = clock::now() + SignedDuration::from_hours(1);
    let later = OrderCommand::submit(order_id("later"), submit_of(&submission("later", "tea", 1)), at);
    let message = order_message(&later, "test", None);
    schedules
        .schedule(customer(), &order_id("later").into(), at, &message)
        .await
        .unwrap();
    erase(&stack).await;
    done(&stack).await;
    assert!(schedules.list(customer()).await.unwrap().is_empty());
    assert_eq!(stored(&stack.servers.nats_url, "SCHEDULES").await, 0);

    stack.send(&submission("late", "tea", 3)).await;
    let late = stack.order_in(order_id("late"), OrderState::Rejected).await;
    assert_eq!(late.reason.as_ref().unwrap().code, ReasonCode::Erased);
    assert!(!has_personal_data(&late) && late.erased_at.is_some());
    let kept = stack.storage.fingerprint(late.id).await.unwrap().unwrap();
    assert_eq!(kept, late.fingerprint);
    assert_eq!(stack.product_when("tea", "sold", |_| true).await.available, 999);
    assert_eq!(
        verbs(&stack.events_to(late.id, 2).await),
        ["submitted", "rejected"]
    );
}

#[tokio::test]
async fn dead_letters_of_an_erased_customer_are_found_by_him() {
    let stack = Stack::start().await;
    let mut letter = order_message(&submission("bad", "tea", 1), "test", None);
    letter.envelope.expires_at = Some(clock::now() - SignedDuration::from_secs(1));
    stack.messaging.publish(&letter).await.unwrap();
    let found = stack.dead_letter().await;
    erase(&stack).await;
    done(&stack).await;
    let letters = DeadLetters::new(stack.messaging.clone());
    let of = |customer| messaging::Letters {
        customer: Some(customer),
        ..messaging::Letters::default()
    };
    assert_eq!(letters.numbers(&of(customer())).await.unwrap(), [found.sequence]);
    let account = domain::Customer::Account(ACCOUNT);
    assert_eq!(letters.numbers(&of(account)).await.unwrap(), Vec::<u64>::new());
}

fn submit_of(command: &OrderCommand) -> domain::Submit {
    match &command.action {
        OrderAction::Submit(submit) => (**submit).clone(),
        other => unreachable!("{other:?}"),
    }
}
