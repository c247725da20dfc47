//! Orders.

use chassis::clock;
use domain::commands::{Submit, SubmitLine};
use domain::order::{Address, Contact};
use domain::{Customer, GuestId, OrderCommand, OrderId};
use messaging::commands::order_message;
use uuid::Uuid;

use crate::shop::Shop;

pub(crate) const EMAIL: &str = "ada@example.org";

/// Two packets of Assam for `customer`.
pub(crate) fn submission(customer: Customer) -> Submit {
    Submit {
        customer,
        lines: vec![SubmitLine {
            sku: "assam".parse().unwrap(),
            quantity: 2.try_into().unwrap(),
        }],
        contact: Contact {
            name: "Ada".parse().unwrap(),
            email: EMAIL.parse().unwrap(),
            phone: None,
        },
        shipping_address: Address {
            street: "Main Street 1".parse().unwrap(),
            postcode: "1010".parse().unwrap(),
            city: "Vienna".parse().unwrap(),
            country: "AT".parse().unwrap(),
        },
        note: None,
        expected_total: None,
    }
}

pub(crate) async fn submit(shop: &Shop, key: &str) -> OrderId {
    let customer = Customer::Guest(GuestId(Uuid::from_u128(1)));
    let order = OrderId::derive(customer, &key.parse().unwrap());
    let command = OrderCommand::submit(order, submission(customer), clock::now());
    let message = order_message(&command, "test", None);
    shop.messaging().await.publish(&message).await.unwrap();
    order
}

#[tokio::test]
async fn an_order_is_shipped_and_delivered_and_no_longer_cancelled() {
    let shop = Shop::open().await;
    let add = [
        "products",
        "add",
        "assam",
        "--name",
        "Assam",
        "--category",
        "tea",
        "--price",
        "2.50",
        "--stock",
        "5",
    ];
    shop.good(&add).await;
    let order = submit(&shop, "one").await.to_string();
    // Sent right behind the submission: both are handled in their order.
    let shipped = shop
        .good(&["orders", "ship", &order, "--tracking", "T-1", "--user", "eve"])
        .await;
    assert_eq!(shipped, format!("order {order} is shipped (version 3)\n"));

    let refused = shop.bad(&["orders", "cancel", &order]).await;
    assert!(
        refused.contains("is shipped") && refused.contains("too_late"),
        "{refused}"
    );
    let delivered = shop.json(&["orders", "deliver", &order]).await;
    assert_eq!(
        (delivered["outcome"].as_str(), delivered["version"].as_u64()),
        (Some("delivered"), Some(5))
    );

    let list = shop.good(&["orders", "list"]).await;
    assert!(
        list.contains(&order) && list.contains("5.00 EUR") && !list.contains(EMAIL),
        "{list}"
    );
    assert_eq!(
        shop.good(&["orders", "list", "--state", "confirmed"]).await,
        "no orders\n"
    );
    let shown = shop.good(&["orders", "show", &order]).await;
    assert!(
        shown.contains(EMAIL) && shown.contains("T-1") && shown.contains("staff:eve"),
        "{shown}"
    );
}

#[tokio::test]
async fn an_order_that_nobody_processes_shows_as_submitted() {
    let shop = Shop::unattended().await;
    let order = submit(&shop, "one").await.to_string();
    let shown = shop.json(&["orders", "show", &order]).await;
    assert_eq!(
        (shown["state"].as_str(), shown["version"].as_u64()),
        (Some("submitted"), Some(1))
    );
    let waiting = shop
        .bad(&["orders", "cancel", &order, "--timeout", "300ms"])
        .await;
    assert!(waiting.contains("is order-processor running?"), "{waiting}");
    assert!(
        shop.good(&["orders", "cancel", &order, "--no-wait"])
            .await
            .starts_with("sent;")
    );
}

#[tokio::test]
async fn an_order_that_does_not_exist_is_asked_nothing() {
    let shop = Shop::unattended().await;
    let nobody = Uuid::nil().to_string();
    assert!(
        shop.bad(&["orders", "show", &nobody])
            .await
            .contains("there is no order")
    );
    assert!(
        shop.bad(&["orders", "ship", &nobody])
            .await
            .contains("there is no order")
    );
    let queues = shop.json(&["queues"]).await;
    assert!(
        queues
            .as_array()
            .unwrap()
            .iter()
            .all(|queue| queue["pending"] == 0),
        "{queues}"
    );
    assert!(!shop.run(&["orders", "show", "no-id"]).await.ok);
}
