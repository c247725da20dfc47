//! Orders that are to be placed later.

use chassis::clock;
use devstack::testing::eventually;
use domain::{Customer, GuestId, OrderCommand, OrderId};
use jiff::{SignedDuration, Timestamp};
use messaging::Schedules;
use messaging::commands::order_message;
use uuid::Uuid;

use crate::orders::{EMAIL, submission};
use crate::shop::Shop;

fn after(milliseconds: i64) -> Timestamp {
    clock::now() + SignedDuration::from_millis(milliseconds)
}

async fn schedule(shop: &Shop, guest: u128, key: &str, at: Timestamp) -> String {
    let customer = Customer::Guest(GuestId(Uuid::from_u128(guest)));
    let order = OrderId::derive(customer, &key.parse().unwrap());
    let message = order_message(
        &OrderCommand::submit(order, submission(customer), at),
        "test",
        None,
    );
    Schedules::new(shop.messaging().await)
        .schedule(customer, &order.into(), at, &message)
        .await
        .unwrap();
    order.to_string()
}

#[tokio::test]
async fn scheduled_orders_are_listed_and_taken_back() {
    let shop = Shop::unattended().await;
    assert_eq!(shop.good(&["orders", "scheduled"]).await, "no scheduled orders\n");
    let (late, soon) = (after(7_200_000), after(3_600_000));
    let second = schedule(&shop, 1, "a", late).await;
    let first = schedule(&shop, 2, "b", soon).await;
    let list = shop.good(&["orders", "scheduled"]).await;
    let lines: Vec<_> = list.lines().collect();
    assert!(
        lines[0].starts_with("ORDER") && lines[1].starts_with(&first) && lines[2].starts_with(&second),
        "{list}"
    );
    assert!(
        lines[1].contains(&soon.to_string()) && !list.contains(EMAIL),
        "{list}"
    );
    let one = shop.good(&["orders", "scheduled", "--limit", "1"]).await;
    assert!(one.ends_with("there are more; raise --limit\n"), "{one}");

    let customer = format!("guest:{}", Uuid::from_u128(1));
    let json = shop.json(&["orders", "scheduled", "--customer", &customer]).await;
    assert_eq!(
        json,
        serde_json::json!([{
            "id": second, "place_at": late, "customer": customer,
            "lines": [{ "sku": "assam", "quantity": 2 }],
        }])
    );

    let back = shop.good(&["orders", "unschedule", &second]).await;
    assert_eq!(back, format!("order {second} will not be placed\n"));
    let gone = shop.bad(&["orders", "unschedule", &second]).await;
    assert!(gone.contains("is scheduled; `waybillctl orders show"), "{gone}");
    let back = shop.json(&["orders", "unschedule", &first]).await;
    assert_eq!(back["id"], first);
    assert_eq!(shop.json(&["orders", "scheduled"]).await, serde_json::json!([]));
}

#[tokio::test]
async fn an_order_that_is_being_placed_is_called_off_instead() {
    let shop = Shop::unattended().await;
    let order = schedule(&shop, 1, "a", after(1_900)).await;
    let late = shop.run(&["orders", "unschedule", &order]).await;
    assert!(!late.ok, "{late:?}");
    let shown = eventually("the order", async || {
        let said = shop.run(&["orders", "show", &order]).await;
        said.ok.then_some(said.out)
    })
    .await;
    assert!(shown.contains("submitted"), "{shown}");
}
